"""A cycle is found by its phase, whatever the row, and learned from what repeats."""

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.cycle import Cycle, phases


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
