"""The terms of the two decompositions on drawn paths."""

import torch

from genloom.report.figures import canvas
from genloom.rng import generator
from genloom.studies.written.bound_terms import (
    POINT,
    agreement,
    drawn_denoising,
    drawn_surgery,
    terms_table,
    waterfall,
)
from genloom.studies.written.gaussian_chain import exact_chain, example_data, point, wrong_chain

X0 = torch.tensor(POINT, dtype=torch.float64)


def test_on_every_path_both_decompositions_have_the_same_sum():
    chain = wrong_chain(example_data())
    states = chain.walk(point(X0), 100, generator(0, 1))
    assert torch.allclose(drawn_surgery(chain, states).sum(0), drawn_denoising(chain, states).sum(0))


def test_where_the_model_is_the_exact_reversal_every_path_gives_log_p():
    chain = exact_chain(example_data())
    sums = drawn_surgery(chain, chain.walk(point(X0), 100, generator(0, 2))).sum(0)
    assert torch.allclose(sums, chain.log_density(X0).expand(100))


def test_a_mean_that_is_off_is_found():
    drawn = torch.randn(3, 10_000, generator=generator(0, 3), dtype=torch.float64)
    assert agreement("terms", torch.zeros(3), drawn).status == "pass"
    assert agreement("terms", torch.tensor([0.0, 0.2, 0.0]), drawn).status == "fail"


def test_the_table_ends_with_the_sum_and_the_bars_with_the_bound():
    drawn = torch.ones(2, 50) + 0.1 * torch.randn(2, 50, generator=generator(0, 4))
    table = terms_table(("a", "b"), torch.tensor([1.0, 1.0]), drawn, torch.tensor(2.0))
    assert [row[0] for row in table.rows] == ["a", "b", "sum", "the bound by whole paths"]
    _, (axes,) = canvas()
    waterfall(axes, ("a", "b"), torch.tensor([-1.0, -2.0]), -2.5)
    assert [bar.get_height() for bar in axes.patches] == [-1.0, -2.0, -3.0]
