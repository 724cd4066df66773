"""Steps against one step: draws, law and order."""

import pytest
import torch

from genloom.diffusion.schedule import linear
from genloom.studies.written.forward_cost import TAUS, Noise, by_steps, cost, in_one, law, misfit, order


def test_draws_are_counted_and_a_function_of_the_seed() -> None:
    first, second = Noise(1, 2), Noise(1, 2)
    assert torch.equal(first(3, 4), second(3, 4))
    assert (first.drawn, first(5).shape, first.drawn) == (12, (5,), 17)


def test_steps_draw_tau_times_as_much_as_one() -> None:
    noise = Noise(0)
    by_steps(torch.zeros((4, 3)), 25, linear(), noise)
    assert noise.drawn == 25 * 4 * 3
    assert cost(by_steps, 0, dimension=2).drawn == tuple(2 * tau for tau in TAUS)


def test_there_is_no_state_beyond_the_last() -> None:
    for sampler in (by_steps, in_one):
        with pytest.raises(IndexError):
            sampler(torch.zeros((1, 1)), 31, linear(30), Noise(0))
    assert torch.equal(by_steps(torch.ones((1, 1)), 0, linear(30), Noise(0)), torch.ones((1, 1)))


def test_at_once_draws_the_same_whatever_tau_is() -> None:
    assert cost(in_one, 0, dimension=2).drawn == (2,) * len(TAUS)


def test_a_power_has_its_order() -> None:
    assert order(tuple(3.0 * tau**2 for tau in TAUS)) == pytest.approx(2)


def test_another_law_is_seen() -> None:
    x = torch.randn(5000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert misfit(x, 1000, linear(), 0.0) < 2.5 < misfit(x + 0.2, 1000, linear(), 0.0)


def test_both_have_the_law_of_the_chain() -> None:
    assert all(result.status == "pass" for result in law("at once", in_one, linear(), 9))
