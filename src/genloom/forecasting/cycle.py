"""A cycle that is taken off a series and put back onto its forecast: learned, or known from the training rows."""

import torch
from torch import Tensor, nn

from genloom.errors import InputError


class Cycle(nn.Module):
    """q (W, C), one value for each step of a cycle and each channel, learned with the network that sees what is left:

        x_t − q_{t mod W} → network → ŷ_t + q_{t mod W}
    [CycleNet: Lin et al. 2024, section 3.1]

    It starts at 0, or at known values (W, C) such as `profile` finds. Where a step stands in its cycle is told by
    `phase`, a number in [−.5, .5] beside the calendar.
    """

    def __init__(self, period: int, channels: int, start: Tensor | None = None) -> None:
        super().__init__()
        if period < 2:
            raise InputError("network.cycle", period, "0 for none, or at least 2", "pass --network.cycle 24")
        if start is not None and start.shape != (period, channels):
            raise InputError("start", tuple(start.shape), f"of shape ({period}, {channels})")
        self.values = nn.Parameter(torch.zeros(period, channels) if start is None else start.float().clone())

    def forward(self, phase: Tensor) -> Tensor:
        """The cycle's values at steps of these phases, (B, T) → (B, T, C)."""
        return self.values[steps(phase, len(self.values))]


def steps(phase: Tensor, period: int) -> Tensor:
    """The place in the cycle of a phase, int64: the way back from `phases`."""
    return ((phase.float() + 0.5) * (period - 1)).round().long().clamp(0, period - 1)


def profile(values: Tensor, index: Tensor, period: int) -> Tensor:
    """How each place of a cycle deviates from the running mean of one cycle, values (N, C) → (W, C) float64.

        p_w = mean of x_t − m_t over t with place w, less its own mean,   m_t = (½ x_{t−W/2} + … + ½ x_{t+W/2}) / W

    with W + 1 terms for an even W, of which the outermost weigh half, and W equal ones for an odd W. [Hyndman &
    Athanasopoulos 2021, section 3.4]

    index   place of each row in its cycle, int64 (N,)

    Errors: `InputError` for fewer than two cycles, after which every place has a running mean.
    """
    if period < 2 or len(values) < 2 * period + 1:
        raise InputError("period", period, f"from 2 to half of the {len(values)} rows")
    half = period // 2
    weights = torch.full((2 * half + 1,), 1 / period, dtype=torch.float64)
    if period % 2 == 0:
        weights[0] = weights[-1] = 0.5 / period
    rows = values.detach().cpu().double()
    running = torch.nn.functional.conv1d(rows.T[:, None], weights[None, None])[:, 0].T
    inner, places = rows[half : half + len(running)] - running, index[half : half + len(running)].cpu()
    sums = torch.zeros(period, rows.shape[1], dtype=torch.float64).index_add(0, places, inner)
    found = sums / places.bincount(minlength=period)[:, None]
    return found - found.mean(0)


def phases(index: Tensor, period: int) -> Tensor:
    """The phase of steps that are counted from any step on: (index mod W)/(W − 1) − ½, float32.

    >>> phases(torch.tensor([0, 5, 11, 12]), 12).tolist()
    [-0.5, -0.045..., 0.5, -0.5]
    """
    return ((index % period).double() / (period - 1) - 0.5).float()
