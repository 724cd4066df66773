"""`genloom bench gan`: what it compares, and what its page says."""

import json

import pytest

from genloom.benchmarks import gan, sides
from genloom.benchmarks.gan import Setting, Task
from genloom.benchmarks.sides import Comparison, Pair

SIDE = {"seconds": 5.0, "step": 0.05, "memory_mb": 500.0, "distance": 12.0, "floor": 0.5, "floor_n": 5000,
        "samples": 5000, "distance_name": "FD-digits", "data": "MNIST", "batch": 128, "about": "features"}


def found(pairs: int, worse: float = 0.0) -> Comparison:
    return Comparison(tuple(Pair({**SIDE, "distance": 12.0 + worse + 0.1 * k}, {**SIDE, "seconds": 15.0, "step": 0.15})
                            for k in range(pairs)))


def test_genloom_is_compared_in_its_fastest_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str]) -> dict[str, float]:
        assert command[:2] == ["genloom.benchmarks.gan_sides", "genloom"]
        setting = Task.read(command[2]).setting
        return {"step": 0.05 if setting == Setting(bf16=True) else 0.1}

    monkeypatch.setattr(sides, "run", run)
    best = gan.fastest(lambda _: None)
    assert best.setting == Setting(bf16=True)
    assert len(best.tried) == 5, "four settings, and the fastest of them compiled"


def test_each_pair_has_a_seed_of_its_own_and_the_plain_loop_computes_in_float32() -> None:
    for side, setting in (("genloom", Setting(bf16=True)), ("plain", Setting())):
        tasks = [Task.read(gan._judged(side, setting)(pair)[2]) for pair in range(3)]
        assert [task.seed for task in tasks] == [0, 1, 2]
        assert {(task.steps, task.judged, task.setting) for task in tasks} == {(gan.STEPS, True, setting)}


def test_the_page_has_the_ratio_beside_its_goal_and_the_distances_beside_the_floor(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "run", lambda command: SIDE)
    monkeypatch.setattr(gan, "compare", lambda *_: found(3, worse=-0.1))
    page = gan.bench(3, lambda _: None)
    results = {result.name: result for result in page.items[0].results}
    ratio = results["step of both networks: time of the plain loop in fp32 over genloom's"]
    assert (ratio.value, ratio.known, ratio.status) == (3, gan.GOAL, "pass")
    same = results[f"FD-digits after {gan.STEPS} steps: genloom − plain loop"]
    assert same.status == "pass"
    assert same.interval is not None
    assert same.interval[0] < 0 < same.interval[1]
    assert results[f"FD-digits after {gan.STEPS} steps: genloom"].known == 0.5


def test_how_little_few_pairs_say_is_said() -> None:
    (said,) = gan._missed(found(3, worse=-0.1))
    assert "3 pairs agree with any difference of the distances from −0.25 to 0.25" in said
    assert "the loop has 12 on average" in said
    assert "pass --pairs 5" in gan._missed(found(1))[0]


def test_a_distance_that_is_worse_in_every_pair_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "run", lambda command: SIDE)
    monkeypatch.setattr(gan, "compare", lambda *_: found(3, worse=9.0))
    results = gan.bench(3, lambda _: None).items[0].results
    assert [result.status for result in results if "genloom −" in result.name] == ["fail"]


def test_one_pair_gives_no_verdict_on_the_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "run", lambda command: SIDE)
    monkeypatch.setattr(gan, "compare", lambda *_: found(1))
    results = gan.bench(1, lambda _: None).items[0].results
    assert [result.status for result in results if "genloom −" in result.name] == ["info"]


def test_tasks_travel_as_json_and_settings_have_names() -> None:
    task = Task(Setting(bf16=True, last=True), 60, 3, judged=True)
    assert Task.read(gan._command("genloom", task)[2]) == task
    assert json.loads(gan._command("genloom", task)[2])["setting"]["last"] is True
    assert str(Setting(bf16=True, last=True, allocator=True)) == "bf16, channels last, allocator set"
    assert str(Setting()) == "fp32, contiguous"
