"""Dropped modes as an item of the report."""

import math

import pytest
import torch

from genloom.gan.oracle import best_value, tabulate
from genloom.studies.gan_theory.dropping import dropped_modes, kept, price


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(dropped_modes, tiny)
    exact = [result for result in answer.results if result.name.startswith(("V(G", "KL(", "modes found among"))]
    assert len(exact) == 4
    assert {result.status for result in exact} == {"pass"}
    assert len(answer.tables[0].rows) == 9
    gained = {result.name: result for result in answer.results if result.name.endswith("with R1 − without")}
    assert [result.status for result in gained.values()] == ["fail", "info"], "five steps find no mode"
    assert len(answer.figures) == 3


def test_the_price_is_that_of_any_modes_that_do_not_overlap() -> None:
    """Three boxes of which the generator has two."""
    def log_density(sides: int):
        return lambda x: torch.where((x[:, 0] > 0) & (x[:, 0] < sides), -math.log(sides), -math.inf)

    table = tabulate(log_density(3), log_density(2), [[0, 1, 2, 3]])
    assert best_value(table) == pytest.approx(price(2, 3), abs=1e-12)
    assert price(3, 3) == pytest.approx(-math.log(4), abs=1e-12)


def test_what_is_kept_is_a_density() -> None:
    some = kept(5)
    assert some.weights.sum() == pytest.approx(1)
    assert (some.means[:, 1] + 0.8).abs().max() < 1e-12, "the bottom row"
