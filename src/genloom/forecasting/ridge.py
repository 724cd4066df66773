"""The linear forecast with the smallest squared error, in closed form."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.forecasting.windows import Windows
from genloom.training.method import Batch

Seen = Callable[[Batch], tuple[Tensor, Tensor]]
"""What a linear map is given of a batch and what it should answer, (B, L, C) and (B, H, C)."""

PENALTIES = tuple(10.0**exponent for exponent in range(-6, 3))
"""Penalties that validation chooses from, as multiples of the mean square of an input."""

_ROWS = 4096  # windows × channels that are held at once


@dataclass(frozen=True, eq=False)
class Ridge:
    """ŷ = x_L + (x − x_L) W + b for each channel, the same W for all, on values less the last one of the lookback.

    weight    (L, H) float64
    bias      (H,) float64
    penalty   the λ of the fit, relative to the mean square of an input
    error     mean squared error on the validation windows that chose it
    """

    weight: Tensor
    bias: Tensor
    penalty: float
    error: float = math.nan

    def __call__(self, x: Tensor) -> Tensor:
        """The forecast (B, H, C) of a lookback (B, L, C), in the type of `x`."""
        last = x[:, -1:]
        return last + self.map(x - last)

    def map(self, x: Tensor) -> Tensor:
        """x W + b of inputs (B, L, C) that were prepared by the `seen` of the fit: (B, H, C)."""
        return (x.transpose(1, 2) @ self.weight.to(x) + self.bias.to(x)).transpose(1, 2)


def less_last(batch: Batch) -> tuple[Tensor, Tensor]:
    """Lookback and horizon less the last value of the lookback."""
    x, y = batch["x"].double(), batch["y"].double()
    return x - x[:, -1:], y - x[:, -1:]


class _Moments(NamedTuple):
    """Second moments of inputs with a one appended, (L + 1, L + 1), with targets (L + 1, H), and of targets: sums."""

    inputs: Tensor
    cross: Tensor
    targets: Tensor
    rows: int


def fit_ridge(train: Windows, valid: Windows, penalties: Sequence[float] = PENALTIES,
              seen: Seen = less_last, *, constants: bool = True) -> Ridge:
    """The ridge regression of training windows whose penalty has the smallest squared error on validation windows.

        W = argmin Σ ‖y − x_L − (x − x_L) W − b‖² + λ m ‖W‖²,      m = tr(Σ (x − x_L)(x − x_L)ᵀ) / L

    over windows and channels; b is not penalised. Only second moments are held, in float64, never all windows; both the
    fit and its validation error are functions of them. [Hoerl & Kennard 1970, §2]

    seen        other inputs and targets than values less the last one; squared errors are those of its targets
    constants   fit b; without it b = 0, and the forecast of −x is that of x with the other sign

    Errors: `InputError` for penalties that are not above 0.
    """
    if not penalties or min(penalties) <= 0:
        raise InputError("penalties", list(penalties), "numbers above 0")
    known, kept = _moments(train, seen), _moments(valid, seen)
    share = constants / known.rows
    means = known.inputs[-1, :-1] * share, known.cross[-1] * share
    gram = known.inputs[:-1, :-1] - known.rows * torch.outer(means[0], means[0])
    cross = known.cross[:-1] - known.rows * torch.outer(means[0], means[1])
    values, vectors = torch.linalg.eigh(gram)
    turned, scale = vectors.T @ cross, float(known.inputs.diagonal()[:-1].mean())

    def fitted(penalty: float) -> Ridge:
        # the last input is always 0, and constant channels are: the tiny number keeps 0/0 away
        shrunk = values.clamp_min(0) + penalty * scale + torch.finfo(values.dtype).tiny
        weight = vectors @ (turned / shrunk[:, None])
        return Ridge(weight, means[1] - means[0] @ weight, penalty)

    found = [replace(each, error=_squared_error(kept, each)) for each in map(fitted, penalties)]
    return min(found, key=lambda ridge: ridge.error)


def _squared_error(moments: _Moments, ridge: Ridge) -> float:
    """Mean squared error: tr(Σ y yᵀ − 2 Vᵀ Σ x yᵀ + Vᵀ Σ x xᵀ V), V = (W, b)."""
    whole = torch.cat((ridge.weight, ridge.bias[None]))
    told = moments.targets - 2 * (whole * moments.cross).sum() + (whole * (moments.inputs @ whole)).sum()
    return float(told) / moments.rows / len(ridge.bias)


def _moments(windows: Windows, seen: Seen = less_last) -> _Moments:
    inputs = cross = targets = torch.zeros((), dtype=torch.float64)
    count = 0
    for batch in windows.batches(max(1, _ROWS // windows.channels)):
        x, y = (each.cpu().double() for each in seen(batch))
        rows = x.transpose(1, 2).flatten(0, 1)
        rows = torch.cat((rows, torch.ones_like(rows[:, :1])), dim=1)
        wanted = y.transpose(1, 2).flatten(0, 1)
        inputs = inputs + rows.T @ rows
        cross = cross + rows.T @ wanted
        targets = targets + wanted.square().sum()
        count += len(rows)
    return _Moments(inputs, cross, targets, count)
