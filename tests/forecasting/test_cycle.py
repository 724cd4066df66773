"""A cycle is found by its phase, whatever the row, and learned from what repeats."""

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.cycle import Cycle, phases, profile, steps


@pytest.mark.parametrize("period", [2, 7, 24, 168, 10_080])
def test_phases_name_every_step_of_the_cycle(period: int) -> None:
    cycle = Cycle(period, 1)
    with torch.no_grad():
        cycle.values[:, 0] = torch.arange(period)
    index = torch.arange(3 * period)
    assert torch.equal(cycle(phases(index, period)[None])[0, :, 0], (index % period).float())


def test_it_starts_at_0_and_its_gradient_falls_on_the_steps_that_were_seen() -> None:
    cycle = Cycle(4, 2)
    found = cycle(phases(torch.tensor([[1, 2, 5]]), 4))
    assert found.shape == (1, 3, 2)
    assert not found.any()
    found.sum().backward()
    assert cycle.values.grad[:, 0].tolist() == [0, 2, 1, 0]


def test_a_cycle_of_one_step_is_refused() -> None:
    with pytest.raises(InputError, match=r"network.cycle"):
        Cycle(1, 2)


@pytest.mark.parametrize("period", [5, 24])
def test_a_profile_is_what_repeats_whatever_the_level_does(period: int) -> None:
    rows = torch.arange(20 * period + 3)
    known = torch.randn(period, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    known -= known.mean(0)
    values = known[rows % period] + 0.01 * rows[:, None].double() + 5  # a straight line is its own running mean
    torch.testing.assert_close(profile(values, rows % period, period), known, rtol=0, atol=1e-9)


def test_a_profile_needs_two_cycles() -> None:
    with pytest.raises(InputError, match=r"half of the 48 rows"):
        profile(torch.zeros(48, 1), torch.arange(48) % 24, 24)


def test_a_cycle_starts_at_a_profile() -> None:
    start = torch.arange(8.0).view(4, 2)
    cycle = Cycle(4, 2, start)
    assert torch.equal(cycle(phases(torch.arange(4), 4)[None])[0], start)
    with pytest.raises(InputError, match=r"shape \(4, 3\)"):
        Cycle(4, 3, start)


def test_steps_are_the_way_back_from_phases() -> None:
    assert steps(phases(torch.arange(200), 168), 168).tolist() == [k % 168 for k in range(200)]
