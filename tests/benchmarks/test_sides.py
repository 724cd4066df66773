"""Sides are run in turns, in processes of their own, and compared pair by pair."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from genloom.benchmarks import sides
from genloom.benchmarks.sides import Best, Comparison, Pair, Search, best, compare, run
from genloom.errors import GenloomError


def pair(ours: float, theirs: float) -> Pair:
    return Pair({"seconds": ours, "quality": 1.0}, {"seconds": theirs, "quality": 2.0})


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    found = Comparison((pair(1, 2), pair(1, 9), pair(2, 3)))
    assert found.ratio == 2
    assert found.spread == (1.5, 9)
    assert found.middle("theirs", "seconds") == 3


def test_the_last_line_of_a_process_is_its_answer(tmp_path, monkeypatch) -> None:
    (tmp_path / "one_side.py").write_text("import sys\nprint('noise')\nprint('{\"seconds\": %s}' % sys.argv[1])\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert run(["one_side", "3"]) == {"seconds": 3}
    told: list[str] = []
    found = compare(["one_side", "2"], ["one_side", "4"], 2, told.append)
    assert [each.ratio for each in found.pairs] == [2, 2]
    assert told == ["pair 1 of 2: 2.00 s against 4.00 s, ratio 2.00", "pair 2 of 2: 2.00 s against 4.00 s, ratio 2.00"]


def test_a_side_may_be_another_in_each_pair(tmp_path, monkeypatch) -> None:
    (tmp_path / "one_side.py").write_text("import sys\nprint('{\"seconds\": %s}' % sys.argv[1])\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = compare(lambda pair: ["one_side", str(pair + 1)], ["one_side", "6"], 3, lambda _: None)
    assert [each.ratio for each in found.pairs] == [6, 3, 2]


def test_a_side_that_fails_says_why(tmp_path, monkeypatch) -> None:
    (tmp_path / "bad_side.py").write_text("raise SystemExit('out of luck')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(GenloomError, match="bad_side ended with 1: out of luck"):
        run(["bad_side"])


@dataclass(frozen=True)
class Setting:
    half: bool = False
    fused: bool = False
    compiled: bool = False


SEARCH = Search([Setting(), Setting(half=True)], [{"fused": True}, {"compiled": True}, {"fused": False}])


def asked(monkeypatch: pytest.MonkeyPatch, seconds: dict[Setting, float], told: list[str]) -> Best[Setting]:
    """What a search finds where settings take so long, and others cannot run; nothing is tried twice."""
    by_word, tried = {str(setting): setting for setting in seconds}, list[str]()

    def answered(command: Sequence[str]) -> dict[str, float]:
        tried.append(command[1])
        if command[1] not in by_word:
            raise GenloomError("no compiler")
        return {"step": seconds[by_word[command[1]]]}

    monkeypatch.setattr(sides, "run", answered)
    found = best("mine", SEARCH, lambda setting: ["side", str(setting)], told.append, unit="a step", key="step")
    assert len(tried) == len(set(tried))
    return found


def test_changes_are_tried_on_the_fastest_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[str]()
    found = asked(monkeypatch, {Setting(): 3, Setting(half=True): 2, Setting(half=True, fused=True): 2.5}, told)
    assert found.setting == Setting(half=True)
    assert list(found.tried) == [Setting(), Setting(half=True), Setting(half=True, fused=True)]
    assert found.failed == {Setting(half=True, compiled=True): "no compiler"}
    assert told[0] == "mine, Setting(half=False, fused=False, compiled=False): 3000.00 ms a step"
    assert "not to be had: no compiler" in told[-1]


def test_where_no_setting_runs_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GenloomError, match="mine cannot be run: no compiler"):
        asked(monkeypatch, {}, [])
