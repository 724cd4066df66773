"""The page of `genloom bench gpt`: goals can be missed, and equal work must have equal results."""

from dataclasses import replace
from typing import Any

import pytest

from genloom.benchmarks import gpt_page
from genloom.benchmarks.gpt import Grown, Setting, Trained, Wrote
from genloom.benchmarks.gpt_page import page
from genloom.benchmarks.sides import Best, Comparison, Pair

ANSWER: dict[str, Any] = {
    "seconds": 0.1, "rate": 20480.0, "tokens": 2048, "loss": 6.0, "losses": [6.9, 6.0], "steps": 65, "last": 10,
    "entropy": 2.5, "memory_mb": 500.0, "first": 40.0, "marginal": 0.01, "written": [1, 2, 3, 4]}
PLAIN, FAST = Setting(), Setting(bf16=True)
PEERS = ("transformers", "layers", "plain loop", "transformers, allocator set")
SIDES = ("genloom", "transformers", "layers")


@pytest.fixture(autouse=True)
def version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpt_page, "_version", lambda: "5")


def against(seconds: float, **theirs: Any) -> Comparison:
    return Comparison((Pair(ANSWER, ANSWER | {"seconds": seconds} | theirs),) * 3)


def trained(dropout: float = 0.0, ratio: float = 1.4, **theirs: Any) -> Trained:
    """genloom, and peers that take so many times as long and answer otherwise."""
    best = {side: Best(FAST, dict.fromkeys((PLAIN, FAST), ANSWER if side == "genloom" else ANSWER | theirs),
                       {replace(FAST, compiled=True): "no C++ compiler"}) for side in SIDES}
    return Trained(dropout, best, {peer: against(0.1 * ratio) for peer in PEERS})


def wrote(ratio: float = 2.5, *, compiled: bool = True, **theirs: Any) -> Wrote:
    best = {side: Best(PLAIN, {PLAIN: ANSWER}, {}) for side in SIDES[:2]}
    return Wrote(best, against(0.1 * ratio, **theirs), against(0.05) if compiled else None)


def grown(context: int, power: float) -> Grown:
    keys = [("train", "genloom"), ("train", "transformers"), ("write", "genloom"), ("write", "transformers"),
            ("write without cache", "genloom")]
    cost = (context / 64) ** power
    return Grown(context, {key: ANSWER | {"seconds": 0.1 * cost, "marginal": 0.01 * cost} for key in keys})


def results(*some: Trained, text: Wrote | None = None, power: float = 1.0) -> dict[str, Any]:
    made = page(some or [trained()], text or wrote(), [grown(context, power) for context in (64, 256, 1024)], 3)
    return {result.name: result for item in made.items for result in item.results}


@pytest.mark.parametrize(("ratio", "status"), [(1.4, "pass"), (1.2, "fail")])
def test_training_has_a_goal_against_each_real_peer_and_none_against_the_others(ratio: float, status: str) -> None:
    found = results(trained(0.1, ratio))
    for peer in PEERS:
        each = found[f"training, dropout 0.1: time of {gpt_page._PEERS[peer]} over genloom's"]
        assert each.value == pytest.approx(ratio)
        assert (each.known, each.status) == ((1.3, status) if peer in PEERS[:2] else (None, "info"))


@pytest.mark.parametrize(("ratio", "status"), [(2.5, "pass"), (1.5, "fail")])
def test_writing_stands_beside_its_goal(ratio: float, status: str) -> None:
    found = results(text=wrote(ratio))["writing 4 tokens: time of transformers' generate with cache over genloom's"]
    assert (found.value, found.known, found.status) == (pytest.approx(ratio), 2.0, status)


def test_losses_of_equal_arithmetic_must_be_equal_and_those_of_best_settings_near() -> None:
    exact = "fp32: largest difference of a step's loss between genloom and transformers"
    assert (results()[exact].value, results()[exact].status) == (0, "pass")
    other = results(trained(losses=[6.9, 6.1], loss=6.1))
    assert (other[exact].value, other[exact].status) == (pytest.approx(0.1), "fail")
    near = next(result for name, result in other.items() if name.startswith("best settings: genloom's loss"))
    assert near.status == "fail"
    assert not any(name.startswith("fp32") for name in results(trained(0.1))), "dropout draws differ"


def test_texts_that_differ_are_told() -> None:
    assert results()["share of equal tokens"].status == "pass"
    other = results(text=wrote(written=[1, 2, 9, 9]))["share of equal tokens"]
    assert (other.value, other.status) == (0.5, "fail")


def test_what_could_not_be_compiled_is_left_out() -> None:
    name = "the same, transformers compiled, with a cache of one size"
    assert results()[name].value == pytest.approx(0.5)
    assert name not in results(text=wrote(compiled=False))


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_the_exponent_of_the_cost_is_the_slope(power: float) -> None:
    found = results(power=power)
    for name in ("train genloom: exponent of the cost of a step over the context",
                 "write without cache genloom: exponent of the cost of a token over the context"):
        assert found[name].value == pytest.approx(power)


def test_settings_that_could_not_be_had_stand_in_the_table_and_rows_fit_their_headers() -> None:
    made = page([trained()], wrote(), [grown(64, 1), grown(128, 1)], 3)
    tables = [table for item in made.items for table in item.tables]
    assert all(len(row) == len(table.header) for table in tables for row in table.rows)
    assert ("genloom", "bf16, compiled", "not to be had: no C++ compiler") in tables[0].rows
    said = " ".join(text for item in made.items for text in item.text)
    assert "minGPT and nanoGPT" in said
    assert "not run" in said
