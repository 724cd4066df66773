"""Errors of quantile forecasts: pinball loss, weighted quantile loss, the CRPS they approximate, and coverage."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError


class PooledQuantiles(NamedTuple):
    """Errors of quantile forecasts at K levels, over all windows, steps and channels.

    loss        mean pinball loss of each level, (K,) float64
    below       share of truths at or below each quantile, (K,): the level itself where the forecast is calibrated
    wql         weighted quantile loss: 2 Σ_q Σ ρ_q / (K Σ |y|)
    crps        2 ∫₀¹ ρ_q dq, by the trapezoidal rule over the levels; at 0 and 1, ρ = 0, its limit for calibrated ones
    crossing    share of neighbouring quantiles in the wrong order
    n           number of truths
    """

    loss: Tensor
    below: Tensor
    wql: float
    crps: float
    crossing: float
    n: int


def pinball(truth: Tensor, quantiles: Tensor, levels: Tensor) -> Tensor:
    """ρ_q(y, ŷ) = max(q (y − ŷ), (q − 1)(y − ŷ)), of truths (…) and quantiles (…, K) at levels (K,): (…, K).

    Its mean is smallest where ŷ is the q-quantile of y. [Koenker & Bassett 1978, §3]
    """
    error = truth[..., None] - quantiles
    return torch.maximum(levels * error, (levels - 1) * error)


class QuantileErrors:
    """Collects quantile forecasts batch by batch; `pooled` does not depend on how they were batched.

    levels   K levels in (0, 1), increasing

    >>> errors = QuantileErrors([0.5])
    >>> errors.add(torch.zeros(1, 2, 1, 1), torch.tensor([[[1.0], [-3.0]]]))
    >>> errors.pooled().loss
    tensor([1.], dtype=torch.float64)

    Errors: `InputError` for other levels.
    """

    def __init__(self, levels: Sequence[float]) -> None:
        self.levels = torch.tensor(levels, dtype=torch.float64)
        ordered = bool((self.levels.diff() > 0).all())
        if not len(self.levels) or not ordered or not bool(((self.levels > 0) & (self.levels < 1)).all()):
            raise InputError("levels", list(levels), "increasing and between 0 and 1")
        self._loss, self._below = torch.zeros_like(self.levels), torch.zeros_like(self.levels)
        self._size, self._crossing, self._count = 0.0, 0, 0

    def add(self, quantiles: Tensor, truth: Tensor) -> None:
        """One batch: quantiles (B, H, C, K) and truths (B, H, C).

        Errors: `InputError` for other shapes or numbers that are not finite.
        """
        if quantiles.shape != (*truth.shape, len(self.levels)) or not truth.numel():
            raise InputError("quantiles", tuple(quantiles.shape), f"of shape {(*truth.shape, len(self.levels))}")
        told, true = quantiles.detach().cpu().double(), truth.detach().cpu().double()
        if not bool(told.isfinite().all() and true.isfinite().all()):
            raise InputError("quantiles", "a number that is not finite", "finite", "look for a training that diverged")
        self._loss += pinball(true, told, self.levels).reshape(-1, len(self.levels)).sum(dim=0)
        self._below += (true[..., None] <= told).reshape(-1, len(self.levels)).double().sum(dim=0)
        self._size += float(true.abs().sum())
        self._crossing += int((told.diff(dim=-1) < 0).sum())
        self._count += true.numel()

    def pooled(self) -> PooledQuantiles:
        """The errors of all that was added.

        Errors: `InputError` when nothing was added.
        """
        if not self._count:
            raise InputError("errors", "no windows", "at least one window")
        loss, pairs = self._loss / self._count, self._count * (len(self.levels) - 1)
        size = self._size / self._count
        wql = float(2 * loss.mean() / size) if size else float("inf")
        return PooledQuantiles(loss, self._below / self._count, wql, _integral(loss, self.levels),
                               self._crossing / pairs if pairs else 0.0, self._count)


def coverage(truth: Tensor, low: Tensor, high: Tensor) -> float:
    """Share of truths inside [low, high], ends counted; all of one shape."""
    return float(((truth >= low) & (truth <= high)).double().mean())


def _integral(loss: Tensor, levels: Tensor) -> float:
    """2 ∫ ρ_q dq: CRPS = ∫ (F − 1[y ≤ z])² dz = 2 ∫₀¹ ρ_q(y, F⁻¹(q)) dq. [Gneiting & Ranjan 2011, §2]"""
    grid = torch.cat((levels.new_zeros(1), levels, levels.new_ones(1)))
    return 2 * float(torch.trapezoid(torch.cat((loss.new_zeros(1), loss, loss.new_zeros(1))), grid))
