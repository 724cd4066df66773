"""Forecasts that are linear in the lookback: one map of time, or two, of a trend and of what is left of it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.forecasting.dropout import Dropout


class Linear(nn.Module):
    """y_{·c} = W x_{·c} + b: (B, L, C) → (B, H, C, P), with one W for all channels or one for each.

    NLinear and RLinear are this behind `InstanceNorm("last")` and `InstanceNorm("instance")`.
    [Zeng et al. 2023; Li et al. 2023, "Revisiting long-term time series forecasting"]

    parameters   numbers for each step and channel of the forecast, P
    each         channels that have a map of their own; 0 shares one
    dropout      share of the lookback's steps that are hidden in training

    Weights start at 1/L, the mean of the lookback, as published, and those of further parameters at 0.
    """

    def __init__(self, lookback: int, horizon: int, *, parameters: int = 1, each: int = 0,
                 dropout: float = 0.0) -> None:
        super().__init__()
        if min(lookback, horizon, parameters) < 1:
            raise InputError("lookback, horizon, parameters", (lookback, horizon, parameters), "at least 1 each")
        self.sizes = (parameters, horizon)
        weight = torch.zeros(max(1, each), parameters, horizon, lookback)
        weight[:, 0] = 1 / lookback
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(max(1, each), parameters, horizon))
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, x_marks: Tensor | None = None, y_marks: Tensor | None = None,
                y: Tensor | None = None) -> Tensor:
        """The forecast; the calendar is not looked at."""
        x = self.dropout(x)
        if len(self.weight) == 1:
            found = F.linear(x.transpose(1, 2), self.weight[0].flatten(0, 1), self.bias[0].flatten())
            return found.view(*found.shape[:2], *self.sizes).permute(0, 3, 1, 2)
        return torch.einsum("blc,cphl->bhcp", x, self.weight) + self.bias.permute(2, 0, 1)


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
