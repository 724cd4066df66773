"""`genloom bench forecasting`: what it compares, and in which settings."""

import json

import pytest

from genloom.benchmarks import forecasting, sides
from genloom.benchmarks.forecasting import DROPOUTS, Setting, Task, command, fastest, train
from genloom.benchmarks.sides import Comparison, Pair
from genloom.errors import GenloomError

ANSWER = {"seconds": 1.0, "loss": 0.5, "losses": [1.0, 0.5], "steps": 2, "last": 1, "memory_mb": 900.0, "data": "waves",
          "parameters": 10_540_039}


def test_each_side_is_taken_in_its_fastest_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(words: list[str]) -> dict[str, object]:
        setting = Task.read(words[2]).setting
        if setting.compiled:
            raise GenloomError("no compiler")
        return {**ANSWER, "seconds": 1.0 - 0.3 * setting.bf16 + 0.1 * setting.fused}

    monkeypatch.setattr(sides, "run", run)
    found = fastest("layers", Task(setting=Setting()), lambda _: None)
    assert found.setting == Setting(bf16=True)
    assert set(found.tried) == {Setting(), Setting(bf16=True), Setting(bf16=True, fused=True)}
    assert list(found.failed.values()) == ["no compiler"]


def test_a_side_that_cannot_run_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(words: list[str]) -> dict[str, object]:
        raise GenloomError("no memory")

    monkeypatch.setattr(sides, "run", run)
    with pytest.raises(GenloomError, match="genloom cannot be run: no memory"):
        fastest("genloom", Task(setting=Setting()), lambda _: None)


def test_the_written_out_network_computes_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def compare(ours: list[str], theirs: list[str], pairs: int, tell: object) -> Comparison:
        asked.append((theirs[1], Task.read(theirs[2]).setting))
        return Comparison((Pair(ANSWER, {**ANSWER, "seconds": 2.0}),) * pairs)

    monkeypatch.setattr(sides, "run", lambda words: ANSWER)
    monkeypatch.setattr(forecasting, "compare", compare)
    found = train(Task(setting=Setting()), 2, lambda _: None)
    assert ("materialised", Setting()) in asked
    assert [side for side, setting in asked if setting.allocator] == ["layers"]
    assert found.against["torch's layers"].ratio == 2


def test_tasks_travel_as_json_and_settings_have_names() -> None:
    task = Task(setting=Setting(bf16=True), dropout=0.0, lengths=(96, 192))
    assert Task.read(command("genloom", task)[2]) == task
    assert json.loads(command("genloom", task)[2])["horizon"] == 720
    assert str(Setting(bf16=True, fused=True, compiled=True, allocator=True)) == (
        "bf16, fused Adam, compiled, allocator set")


def test_the_sizes_are_the_published_ones() -> None:
    task = Task(setting=Setting())
    assert (task.lookback, task.horizon, task.label, task.width, task.hidden, task.heads) == (96, 720, 48, 512, 2048, 8)
    assert (task.batch, task.layers, task.dropout) == (32, 2, 0.1)
    assert DROPOUTS == (0.1, 0.0)
