"""Errors of forecasts, pooled over all windows, steps and channels in float64."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError


class Pooled(NamedTuple):
    """Mean squared and mean absolute error of n windows, and the same means along one side alone.

    mse, mae                    over all windows, steps and channels
    channel_mse, channel_mae    for each channel, (C,) float64
    step_mse, step_mae          for each step of the horizon, (H,) float64
    window_mse, window_mae      for each window, (n,) float64, in the order they were added
    """

    mse: float
    mae: float
    channel_mse: Tensor
    channel_mae: Tensor
    step_mse: Tensor
    step_mae: Tensor
    window_mse: Tensor
    window_mae: Tensor

    @property
    def windows(self) -> int:
        """Number of windows."""
        return len(self.window_mse)


class Errors:
    """Collects forecasts batch by batch; `pooled` does not depend on how they were batched.

    unit   (C,), what one scaled unit of each channel is in the original unit (the scaler's std): `original` then gives
           the errors there, where squared ones are multiplied by unit², so that no forecast need be unscaled

    >>> errors = Errors()
    >>> errors.add(torch.zeros(2, 3, 1), torch.full((2, 3, 1), 2.0))
    >>> errors.pooled().mse, errors.pooled().mae
    (4.0, 2.0)
    """

    def __init__(self, unit: Tensor | None = None) -> None:
        self._unit = None if unit is None else torch.as_tensor(unit).cpu().double()
        self._squares: Tensor | None = None  # (H, C): the sum over windows
        self._sizes: Tensor | None = None
        self._windows: list[tuple[Tensor, Tensor]] = []  # (B, C) each: the mean over steps

    def add(self, forecast: Tensor, truth: Tensor) -> None:
        """One batch, both (B, H, C).

        Errors: `InputError` for unequal shapes, shapes other than before, or a forecast that is not finite.
        """
        if forecast.shape != truth.shape or forecast.ndim != 3 or not forecast.numel():
            raise InputError("forecast, truth", (tuple(forecast.shape), tuple(truth.shape)), "of one shape (B, H, C)")
        if self._squares is not None and self._squares.shape != forecast.shape[1:]:
            raise InputError("forecast", tuple(forecast.shape), f"of shape (B, *{tuple(self._squares.shape)})")
        error = forecast.detach().double() - truth.detach().double()
        if not bool(error.isfinite().all()):
            raise InputError("forecast", "a number that is not finite", "finite", "look for a training that diverged")
        squares, sizes = error.square(), error.abs()
        self._squares = squares.sum(dim=0).cpu() + (0 if self._squares is None else self._squares)
        self._sizes = sizes.sum(dim=0).cpu() + (0 if self._sizes is None else self._sizes)
        self._windows.append((squares.mean(dim=1).cpu(), sizes.mean(dim=1).cpu()))

    def pooled(self) -> Pooled:
        """The errors in the unit of what was added.

        Errors: `InputError` when nothing was added.
        """
        return self._pool(None)

    def original(self) -> Pooled:
        """The errors in the original unit of each channel; the pooled ones mix channels of different units.

        Errors: `InputError` when nothing was added, or without a unit for each channel.
        """
        if self._unit is None:
            raise InputError("unit", None, "given to Errors", "pass the scaler's std")
        return self._pool(self._unit)

    def _pool(self, unit: Tensor | None) -> Pooled:
        if self._squares is None or self._sizes is None:
            raise InputError("errors", "no windows", "at least one window")
        if unit is not None and unit.shape != self._squares.shape[1:]:
            raise InputError("unit", tuple(unit.shape), f"of shape ({self._squares.shape[1]},)")
        by = torch.ones(self._squares.shape[1], dtype=torch.float64) if unit is None else unit
        square_windows, size_windows = (torch.cat(rows) for rows in zip(*self._windows, strict=True))
        count = len(square_windows)
        squares, sizes = self._squares / count * by.square(), self._sizes / count * by
        return Pooled(float(squares.mean()), float(sizes.mean()), squares.mean(dim=0), sizes.mean(dim=0),
                      squares.mean(dim=1), sizes.mean(dim=1),
                      (square_windows * by.square()).mean(dim=1), (size_windows * by).mean(dim=1))


def seasonal_scale(values: Tensor, period: int) -> Tensor:
    """Mean absolute error of the seasonal naive forecast, one period ahead, on training values (N, C): (C,).

        s = 1/(N − p) Σ_{t>p} |x_t − x_{t−p}|

    MASE of a channel is its MAE over this: below 1 is better than repeating the last season was in training.
    [Hyndman & Koehler 2006, §3, with the season in place of one step]

    Errors: `InputError` unless 1 ≤ period < N, or for a channel that repeats itself exactly, where no ratio exists.
    """
    if values.ndim != 2 or not 1 <= period < len(values):
        raise InputError("period", period, f"from 1 to below the number of rows, of values {tuple(values.shape)}")
    scale = (values[period:].double() - values[:-period].double()).abs().mean(dim=0)
    if not bool((scale > 0).all()):
        raise InputError("values", f"channel {int((scale == 0).nonzero()[0])}", "not exactly periodic",
                         "leave MASE out for it")
    return scale


def mase(channel_mae: Tensor, scale: Tensor) -> float:
    """Mean over channels of MAE / s, with s of `seasonal_scale`, both (C,) and in the same unit."""
    if channel_mae.shape != scale.shape:
        raise InputError("channel_mae, scale", (tuple(channel_mae.shape), tuple(scale.shape)), "of one shape (C,)")
    return float((channel_mae.double() / scale.double()).mean())
