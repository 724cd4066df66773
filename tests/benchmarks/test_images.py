"""`genloom bench images`: what it compares, and what its page says."""

import pytest

from genloom.benchmarks import images, sides
from genloom.benchmarks.images import Setting
from genloom.benchmarks.sides import Comparison, Pair

SIDE = {"seconds": 0.01, "answer": 1.0, "memory_mb": 500.0}


def test_each_side_is_compared_in_its_own_fastest_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str]) -> dict[str, float]:
        fast = '"bf16": true' in command[2] and '"last": false' in command[2] and '"compiled": false' in command[2]
        return {**SIDE, "seconds": 0.005 if fast else 0.01}

    monkeypatch.setattr(sides, "run", run)
    found = images.fastest("train-genloom", "small", lambda _: None)
    assert found.setting == Setting("small", bf16=True)
    assert len(found.tried) == 5, "four settings, and the fastest of them compiled"


def test_the_page_has_every_ratio_beside_its_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    slower = {**SIDE, "seconds": 0.02}
    for module in (images, sides):
        monkeypatch.setattr(module, "run", lambda command: SIDE)
    monkeypatch.setattr(images, "compare", lambda *_: Comparison((Pair(SIDE, slower),) * 2))
    page = images.bench(2, lambda _: None)
    goals = [result for result in page.items[0].results if result.known == images.GOAL]
    assert len(goals) == 4, "training and sampling of two networks"
    assert all(result.value == 2 and result.status == "pass" for result in goals)
    assert page.items[0].tables[-1].rows[2][0] == "64 × 64"


def test_settings_are_named_in_words() -> None:
    assert str(Setting()) == "fp32, contiguous"
    assert str(Setting(bf16=True, last=True, compiled=True)) == "bf16, channels last, compiled"
