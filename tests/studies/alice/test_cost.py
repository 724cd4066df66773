"""Exponents are slopes of logarithms, and multiplications are counted by hand."""

import pytest

from genloom.nn.gpt import GPT, GPTShape
from genloom.studies.alice.cost import Cost, cost, expected, exponent, measured, multiplications


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(cost, tiny, formula=True)
    assert [row[0] for row in answer.tables[0].rows] == ["16", "32", "64"]
    same = next(result for result in answer.results if "tokens that differ" in result.name)
    assert (same.value, same.status) == (0, "pass")


def test_an_exponent_is_the_slope_in_logarithms() -> None:
    found = [Cost(length, 2.0, 0.1 * length, 0.01 * length**2, 0) for length in (64, 256, 1024)]
    assert [exponent(found, name) for name in ("step", "kept", "anew")] == pytest.approx([0, 1, 2])


def test_multiplications_are_those_of_the_layers() -> None:
    shape = GPTShape(vocabulary=10, context=8, width=4, blocks=1, heads=1)
    layers = sum(p.numel() for name, p in GPT(shape).blocks.named_parameters() if p.ndim == 2)
    assert multiplications(shape, 8) == layers + 2 * 8 * 4 + 40
    every = sum(layers + 2 * length * 4 for length in range(1, 9)) + 40
    assert multiplications(shape, 8, kept=False) == pytest.approx(every, rel=0.05)
    assert 1 < expected(shape, (8, 4096)) < 2


def test_one_network_has_times_and_no_wrong_token() -> None:
    found = measured(GPT(GPTShape(vocabulary=50, context=16, width=8, blocks=1, heads=2)), 32, 0)
    assert (found.context, found.wrong) == (16, 0)
    assert min(found.step, found.kept, found.anew) > 0
