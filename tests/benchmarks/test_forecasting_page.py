"""The page of `genloom bench forecasting`: goals can be missed, and losses must agree where they can."""

import math
from typing import Any

import pytest

from genloom.benchmarks.forecasting import GOALS, Setting, Task, Trained
from genloom.benchmarks.forecasting_page import crossed, page
from genloom.benchmarks.sides import Best, Comparison, Pair

ANSWER = {"seconds": 1.0, "loss": 0.5, "losses": [1.0, 0.5], "steps": 2, "last": 1, "memory_mb": 900.0, "data": "waves",
          "parameters": 10_540_039}
COSTS = [{"kind": kind, "length": length, "seconds": seconds, "bytes": 1000 * length}
         for kind, pair in (("full", (1.0, 16.0)), ("materialised", (2.0, 32.0)), ("performer", (2.0, 8.0)),
                            ("strided", (3.0, 3.0)), ("fixed", (2.0, 20.0)))
         for length, seconds in zip((100, 400), pair, strict=True)]


def found(dropout: float, layers: float, written: float, loss: float = 0.5) -> Trained:
    best = {side: Best(Setting(bf16=True), {Setting(bf16=True): ANSWER}, {Setting(compiled=True): "no"})
            for side in ("genloom", "layers")}
    ratios = {"torch's layers": layers, "materialised attention, fp32": written, "torch's layers, allocator set": 1.2}
    return Trained(dropout, best, {name: Comparison((Pair(ANSWER, {**ANSWER, "seconds": ratio, "loss": loss}),) * 3)
                                   for name, ratio in ratios.items()})


def results(*trained: Trained) -> dict[str, Any]:
    made = page(trained, {"costs": COSTS}, Task(setting=Setting()))
    return {result.name: result for item in made.items for result in item.results}


def test_ratios_stand_beside_their_goals() -> None:
    numbers = results(found(0.1, 1.6, 3.9))
    assert [numbers[f"time of a step, dropout 0.1: {name} over genloom"].status for name in GOALS] == ["pass", "fail"]
    assert numbers["time of a step, dropout 0.1: torch's layers, allocator set over genloom"].status == "info"


@pytest.mark.parametrize(("loss", "status"), [(0.5, "pass"), (0.6, "fail")])
def test_losses_must_agree_without_dropout(loss: float, status: str) -> None:
    numbers = results(found(0.0, 2, 5, loss))
    assert numbers["loss of the last 1 of 2 steps, dropout 0: genloom over torch's layers"].status == status


def test_with_dropout_losses_are_told_alone() -> None:
    numbers = results(found(0.1, 2, 5, 0.6))
    assert numbers["loss of the last 1 of 2 steps, dropout 0.1: genloom over torch's layers"].status == "info"


def test_crossings_are_told() -> None:
    assert crossed(COSTS, "performer") == 200
    assert math.isinf(crossed(COSTS, "fixed"))
    made = page([found(0.1, 2, 5)], {"costs": COSTS}, Task(setting=Setting()))
    assert "performer from 200 steps on" in made.items[1].text[0]
    assert "fixed at no length" in made.items[1].text[0]
    assert all(len(row) == len(table.header) for item in made.items for table in item.tables for row in table.rows)
