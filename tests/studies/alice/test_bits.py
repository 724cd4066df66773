"""Bits per byte by the model and by everything else, on the same bytes."""

import math
from types import SimpleNamespace

import pytest

from genloom.recipes.judge_gpt import bits
from genloom.studies.alice import bits as module
from genloom.studies.alice.bits import bits_results, said, table, uniform, ways
from genloom.studies.alice.work import judged, model


def test_least_comes_first_and_nothing_is_left_out(tiny) -> None:
    rows = ways(tiny)
    assert [value for _, value in rows] == sorted(value for _, value in rows)
    assert dict(rows)["this model"] == bits(judged(tiny, model(tiny)).test)
    assert len(rows) == 3 + 2 + 6
    assert {row[0] for row in table(tiny).rows} >= {name for name, _ in rows}


def test_equal_chances_cost_the_logarithm_of_the_vocabulary(tiny) -> None:
    test = judged(tiny, model(tiny)).test
    assert uniform(tiny) * test.bytes == pytest.approx(math.log2(model(tiny).tokenizer.vocabulary) * test.tokens)


def test_the_same_window_costs_the_same_by_another_path(tiny) -> None:
    found = next(each for each in bits_results(tiny) if "first window" in each.name)
    assert found.status == "pass"
    assert found.value == pytest.approx(found.known, abs=1e-4)


@pytest.mark.parametrize(("further", "said_so"), [(-0.1, "more than"), (0.1, "fewer than")])
def test_the_words_say_which_is_better(tiny, monkeypatch, further: float, said_so: str) -> None:
    best = dict(ways(tiny))["this model, windows that overlap"] + further
    monkeypatch.setattr(module, "baselines", lambda context: SimpleNamespace(
        best=(best, "something"), bytes=None, tokens=None, compressed=()))
    assert f"0.100 bits {said_so} the best that needs no network, something" in said(tiny)
