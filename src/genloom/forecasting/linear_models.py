"""Forecasts that are linear in the lookback: one map of time, two of a trend and the rest, or one of whole cycles."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.forecasting.dropout import Dropout


class ClosedForm(Protocol):
    """A network whose weights have a closed form: a linear map of `pairs`."""

    def pairs(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """What the map is given of windows, and what it should answer: (B, L, C), (B, H, C) → (B, I, K), (B, O, K)."""
        ...

    def start_at(self, weight: Tensor, bias: Tensor, spread: Tensor) -> None:
        """Take the map (I, O), (O,) for the location, and constants (P − 1, O) for the further parameters."""
        ...


class Linear(nn.Module):
    """y_{·c} = W x_{·c} + b: (B, L, C) → (B, H, C, P), with one W for all channels or one for each.

    NLinear and RLinear are this behind `InstanceNorm("last")` and `InstanceNorm("instance")`.
    [Zeng et al. 2023; Li et al. 2023, "Revisiting long-term time series forecasting"]

    parameters   numbers for each step and channel of the forecast, P
    each         channels that have a map of their own; 0 shares one
    dropout      share of the lookback's steps that are hidden in training
    constants    whether there is b; without it the forecast of −x is that of x with the other sign

    Weights start at 1/L, the mean of the lookback, as published, and those of further parameters at 0.
    """

    def __init__(self, lookback: int, horizon: int, *, parameters: int = 1, each: int = 0,
                 dropout: float = 0.0, constants: bool = True) -> None:
        super().__init__()
        if min(lookback, horizon, parameters) < 1:
            raise InputError("lookback, horizon, parameters", (lookback, horizon, parameters), "at least 1 each")
        self.sizes = (parameters, horizon)
        weight = torch.zeros(max(1, each), parameters, horizon, lookback)
        weight[:, 0] = 1 / lookback
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(max(1, each), parameters, horizon), requires_grad=constants)
        self.dropout = Dropout(dropout)

    def pairs(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Lookback and horizon as they are."""
        return x, y

    @torch.no_grad()
    def start_at(self, weight: Tensor, bias: Tensor, spread: Tensor) -> None:
        """Take a map (L, H), (H,) for the location, and constants (P − 1, H) for the further parameters."""
        self.weight[:, 0], self.bias[:, 0], self.bias[:, 1:] = weight.T.float(), bias.float(), spread.float()

    def forward(self, x: Tensor, x_marks: Tensor | None = None, y_marks: Tensor | None = None,
                y: Tensor | None = None) -> Tensor:
        """The forecast; the calendar is not looked at."""
        x = self.dropout(x)
        if len(self.weight) == 1:
            found = F.linear(x.transpose(1, 2), self.weight[0].flatten(0, 1), self.bias[0].flatten())
            return found.view(*found.shape[:2], *self.sizes).permute(0, 3, 1, 2)
        return torch.einsum("blc,cphl->bhcp", x, self.weight) + self.bias.permute(2, 0, 1)


class Periodic(nn.Module):
    """A coming cycle from past ones: (B, L, C) → (B, H, C, P), the same map for every place in the cycle and channel.

        y_{d,w} = Σ_j a_{dj} x_{j,w} + Σ_j b_{dj} x̄_j + c_d

    with x_{j,w} the value at place w of the j-th of the last n = ⌊L/W⌋ whole cycles, and x̄_j the mean of that cycle: 2n
    numbers for each coming cycle, where `Linear` has L·W. Cycles are counted back from the end of the lookback. It is
    the map across cycles of SparseTSF, with means of cycles in place of a sliding convolution.
    [Lin et al. 2024, "SparseTSF", section 3.2]

    Weights start at 1/n for the same place of past cycles, which is their mean, and at 0 for the rest.

    Errors: `InputError` for a lookback without a whole cycle.
    """

    def __init__(self, lookback: int, horizon: int, period: int, *, parameters: int = 1,
                 constants: bool = True) -> None:
        super().__init__()
        if not 2 <= period <= lookback:
            raise InputError("network.cycle", period, f"from 2 to window.lookback = {lookback}, where a network goes "
                             "from cycle to cycle", "pass --network.cycle 24")
        self.period, self.horizon, self.past = period, horizon, lookback // period
        self.coming = -(-horizon // period)
        weight = torch.zeros(parameters, self.coming, 2 * self.past)
        weight[0, :, : self.past] = 1 / self.past
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(parameters, self.coming), requires_grad=constants)

    def forward(self, x: Tensor, x_marks: Tensor | None = None, y_marks: Tensor | None = None,
                y: Tensor | None = None) -> Tensor:
        """The forecast; the calendar is not looked at."""
        found = torch.einsum("bjwc,pdj->bdwcp", self._told(x), self.weight) + self.bias.T[:, None, None]
        return found.flatten(1, 2)[:, : self.horizon]

    def pairs(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Values and means of past cycles (B, 2n, W′C), and values of coming ones (B, D, W′C).

        Places whose last coming value is beyond the horizon are left out, so that W′ is H modulo W, or W.
        """
        places = (self.horizon - 1) % self.period + 1
        whole = F.pad(y, (0, 0, 0, self.coming * self.period - self.horizon))
        coming = whole.reshape(len(y), self.coming, self.period, -1)[:, :, :places]
        return self._told(x)[:, :, :places].flatten(2), coming.flatten(2)

    @torch.no_grad()
    def start_at(self, weight: Tensor, bias: Tensor, spread: Tensor) -> None:
        """Take a map (2n, D), (D,) for the location, and constants (P − 1, D) for the further parameters."""
        self.weight[0], self.bias[0], self.bias[1:] = weight.T.float(), bias.float(), spread.float()

    def _told(self, x: Tensor) -> Tensor:
        """Values and means of the past cycles at each place, (B, 2n, W, C)."""
        cycles = x[:, x.shape[1] - self.past * self.period :].reshape(len(x), self.past, self.period, -1)
        return torch.cat((cycles, cycles.mean(2, keepdim=True).expand_as(cycles)), 1)


class DLinear(nn.Module):
    """A linear map of a moving average and one of what it leaves: (B, L, C) → (B, H, C, P).

        trend_t = mean of x over a window round t, the ends repeated;  y = W₁ trend + b₁ + W₂ (x − trend) + b₂
    [Zeng et al. 2023, section 3]

    window   steps of the moving average, odd
    """

    def __init__(self, lookback: int, horizon: int, *, parameters: int = 1, each: int = 0, window: int = 25,
                 dropout: float = 0.0) -> None:
        super().__init__()
        if window < 1 or window % 2 == 0:
            raise InputError("network.window", window, "an odd number of at least 1", "pass --network.window 25")
        self.window = window
        self.trend = Linear(lookback, horizon, parameters=parameters, each=each, dropout=dropout)
        self.rest = Linear(lookback, horizon, parameters=parameters, each=each, dropout=dropout)

    def forward(self, x: Tensor, x_marks: Tensor | None = None, y_marks: Tensor | None = None,
                y: Tensor | None = None) -> Tensor:
        """The forecast; the calendar is not looked at."""
        trend = moving_average(x, self.window)
        out: Tensor = self.trend(trend) + self.rest(x - trend)
        return out


def moving_average(x: Tensor, window: int) -> Tensor:
    """The mean over `window` steps round each, (B, L, C) → (B, L, C), the first and the last value repeated outside.

    >>> moving_average(torch.tensor([0.0, 3.0, 6.0])[None, :, None], 3).flatten().tolist()
    [1.0, 3.0, 5.0]
    """
    half = window // 2
    padded = F.pad(x.transpose(1, 2), (half, half), mode="replicate")
    return F.avg_pool1d(padded, window, stride=1).transpose(1, 2)
