"""A learned cycle that is taken off a series and put back onto its forecast."""

import torch
from torch import Tensor, nn

from genloom.errors import InputError


class Cycle(nn.Module):
    """q (W, C), one value for each step of a cycle and each channel, learned with the network that sees what is left:

        x_t − q_{t mod W} → network → ŷ_t + q_{t mod W}
    [CycleNet: Lin et al. 2024, section 3.1]

    It starts at 0. Where a step stands in its cycle is told by `phase`, a number in [−.5, .5] beside the calendar.
    """

    def __init__(self, period: int, channels: int) -> None:
        super().__init__()
        if period < 2:
            raise InputError("network.cycle", period, "0 for none, or at least 2", "pass --network.cycle 24")
        self.values = nn.Parameter(torch.zeros(period, channels))

    def forward(self, phase: Tensor) -> Tensor:
        """The cycle's values at steps of these phases, (B, T) → (B, T, C)."""
        period = len(self.values)
        steps = ((phase.float() + 0.5) * (period - 1)).round().long().clamp(0, period - 1)
        return self.values[steps]


def phases(index: Tensor, period: int) -> Tensor:
    """The phase of steps that are counted from any step on: (index mod W)/(W − 1) − ½, float32.

    >>> phases(torch.tensor([0, 5, 11, 12]), 12).tolist()
    [-0.5, -0.045..., 0.5, -0.5]
    """
    return ((index % period).double() / (period - 1) - 0.5).float()
