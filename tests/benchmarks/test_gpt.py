"""`genloom bench gpt`: what it compares, and in which settings."""

from typing import Any

import pytest

from genloom.benchmarks import gpt, gpt_page, sides
from genloom.benchmarks.gpt import Setting, Task
from genloom.benchmarks.sides import Comparison, Pair
from genloom.errors import GenloomError, MissingExtra


def answered(side: str, task: Task) -> dict[str, Any]:
    """What a side would answer: genloom twice as fast in bf16, transformers slower by a half, and slow with fp32."""
    seconds = 0.05 * (1.5 if "genloom" not in side else 1) / (2 if task.setting.bf16 else 1) * task.context / 64
    return {"seconds": seconds, "rate": 2048 / seconds, "tokens": 2048, "loss": 6.0, "losses": [6.9, 6.0], "steps": 65,
            "last": 10, "entropy": 2.5, "memory_mb": 500.0, "first": 40.0, "marginal": seconds / 10,
            "written": [1, 2, 3, 4]}


def run(command: list[str]) -> dict[str, Any]:
    assert command[0] == "genloom.benchmarks.gpt_sides"
    return answered(command[1], Task.read(command[2]))


def compare(ours: list[str], theirs: list[str], pairs: int, tell: object) -> Comparison:
    assert "genloom" in ours[1]
    return Comparison(tuple(Pair(run(ours), run(theirs)) for _ in range(pairs)))


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gpt, sides):
        monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(gpt, "compare", compare)
    monkeypatch.setattr(gpt, "find_spec", lambda name: name)
    monkeypatch.setattr(gpt_page, "_version", lambda: "5")


@pytest.mark.parametrize(("side", "count"), [("train-genloom", 3), ("train-transformers", 7), ("train-layers", 4),
                                             ("write-genloom", 2), ("write-transformers", 4)])
def test_each_side_looks_for_its_own_best_setting(side: str, count: int, simulated: None) -> None:
    found = gpt.fastest(side, Task(setting=Setting()), lambda _: None)
    assert len(found.tried) == count
    assert found.setting.bf16 == side.startswith("train")
    kinds = {setting.attention for setting in found.tried}
    assert kinds == ({"eager", "sdpa"} if side.endswith("transformers") else {""})


def test_a_setting_that_cannot_run_is_told_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(command: list[str]) -> dict[str, Any]:
        if Task.read(command[2]).setting.compiled:
            raise GenloomError("no C++ compiler")
        return run(command)

    monkeypatch.setattr(sides, "run", failing)
    told = list[str]()
    found = gpt.fastest("train-genloom", Task(setting=Setting()), told.append)
    assert found.setting == Setting(bf16=True)
    assert list(found.failed.values()) == ["no C++ compiler"]
    assert any("no C++ compiler" in line for line in told)


def test_where_nothing_runs_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(command: list[str]) -> dict[str, Any]:
        raise GenloomError("out of memory")

    monkeypatch.setattr(sides, "run", failing)
    with pytest.raises(GenloomError, match="train-layers cannot be run: out of memory"):
        gpt.fastest("train-layers", Task(setting=Setting()), lambda _: None)


def test_without_transformers_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpt, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"needs transformers.*genloom\[bench\]"):
        gpt.bench(1, lambda _: None)


def test_all_that_is_measured_comes_onto_the_page(simulated: None) -> None:
    told = list[str]()
    page = gpt.bench(2, told.append)
    assert [item.number for item in page.items] == ["train-0", "train-0.1", "write", "growth"]
    plain = next(result for result in page.items[0].results if "the plain loop in fp32" in result.name)
    assert plain.value == pytest.approx(3), "the loop in float32"
    rows = page.items[3].tables[0].rows
    assert [row[0] for row in rows] == [str(context) for context in gpt.GROWTH]
    assert "context 64: train genloom" in " ".join(told)


def test_where_nothing_can_be_compiled_writing_is_compared_as_it_is(simulated: None,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(ours: list[str], theirs: list[str], pairs: int, tell: object) -> Comparison:
        if Task.read(theirs[2]).setting.compiled:
            raise GenloomError("no C++ compiler")
        return compare(ours, theirs, pairs, tell)

    monkeypatch.setattr(gpt, "compare", failing)
    told = list[str]()
    page = gpt.bench(1, told.append)
    assert not any("transformers compiled" in result.name for result in page.items[2].results)
    assert "transformers compiled does not write: no C++ compiler" in told


def test_tasks_travel_as_json_and_settings_have_names() -> None:
    task = Task(setting=Setting(bf16=True, attention="sdpa", threads=1), dropout=0.1, cached=False)
    assert Task.read(gpt.command("train-layers", task)[2]) == task
    assert str(task.setting) == "bf16, sdpa, 1 thread"
    assert str(Setting(fused=True, compiled=True, allocator=True, threads=2)) == (
        "fp32, fused AdamW, compiled, allocator set, 2 threads")
