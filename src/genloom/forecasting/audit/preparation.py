"""Refit the scaler: what is done to values before windows are cut from them must not know the test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.series.scaler import Scaler
from genloom.errors import InputError
from genloom.forecasting.audit.check import Check, change, measured, percent
from genloom.forecasting.audit.probe import Probe, Raised
from genloom.rng import generator

SCALER, SMOOTHED = "refit the scaler", "perturb the future of the data"
_TOLERANCE = 1e-5  # preparation is arithmetic on single numbers, in float32 at least
_ROWS = 2  # fewest rows of anything that is compared


@dataclass(frozen=True, eq=False)
class Preparation:
    """How raw values become those that windows are cut from.

    prepare    raw values (N, C), float64 → prepared ones (N, C)
    values     the raw values
    train      the first `train` rows are for training
    test       first row of the test
    lookback   rows that a window reads
    fitted     mean and deviation (2, C) by which a model was trained, where they are known
    """

    prepare: Callable[[Tensor], Tensor]
    values: Tensor
    train: int
    test: int
    lookback: int
    fitted: Tensor | None = None

    def __post_init__(self) -> None:
        if not _ROWS <= self.train <= self.test < len(self.values) or not 1 <= self.lookback < self.train:
            raise InputError("train, test, lookback", (self.train, self.test, self.lookback),
                             f"in order and inside the {len(self.values)} rows, the lookback shorter than the training")

    def changed(self, row: int) -> Tensor:
        """What becomes of the values where those from a row on are replaced by larger, noisier ones."""
        other = self.values.clone()
        size = self.values[: self.train].std(0, correction=0)
        noise = torch.randn(other[row:].shape, generator=generator(0, row), dtype=other.dtype)
        other[row:] = 3 * other[row:] + size * (10 + 5 * noise)
        return self._checked(self.prepare(other))

    def plain(self) -> Tensor:
        """What becomes of the values as they are.

        Errors: `InputError` where that has another shape.
        """
        return self._checked(self.prepare(self.values.clone()))

    def _checked(self, found: Tensor) -> Tensor:
        if found.shape != self.values.shape:
            raise InputError("prepare", tuple(found.shape), f"the shape of the values, {tuple(self.values.shape)}")
        return found.detach().double()


class Statistics(NamedTuple):
    """Mean and deviation (C,) of each channel that prepared = (raw − mean) / deviation implies."""

    mean: Tensor
    deviation: Tensor


def scaler(data: Preparation, probe: Probe | None = None) -> Check:
    """Replace all values after the training rows, and prepare again: prepared training rows must stay.

    The mean and deviation that the scaling implies are told beside those of the training rows and of all rows.

    probe   a model, to tell how far its forecasts depend on values of the test through the scaler
    """
    before, after = data.plain(), data.changed(data.train)
    known = slice(0, max(_ROWS, data.train - data.lookback))
    moved, other = change(after[known], before[known]), _otherwise_fitted(data)
    if other > max(moved, _TOLERANCE):
        return _other_data(data, other)
    return measured(
        SCALER, f"the {len(data.values) - data.train:,} rows after training were replaced, and all prepared again",
        moved, tolerance=_TOLERANCE, well=f"training rows stay; {_fitted(data, before)}",
        ill=f"training rows change by {percent(moved)}; {_fitted(data, before)}{_felt(data, before, after, probe)}",
        remedy="fit mean and deviation to the training rows alone, and apply them to all")


def smoothed(data: Preparation) -> Check:
    """Replace values from a row of the test on: what a forecast from there reads, the rows before it, must stay.

    What a scaler does to all rows alike is taken out first, since it has a check of its own.
    """
    rows = len(data.values)
    origins = sorted({data.test, (data.test + rows) // 2})
    before = data.plain()
    worst, row = 0.0, 0
    for origin in origins:
        read = slice(origin - data.lookback, origin)
        after = _rescaled(data.changed(origin), before, slice(0, max(_ROWS, data.train - data.lookback)))
        each = (after[read] - before[read]).abs()
        number = change(after[read], before[read])
        if number > worst:
            worst, row = number, data.lookback - int(each.amax(1).argmax())
    return measured(
        SMOOTHED, f"values were replaced from row {' or '.join(f'{origin:,}' for origin in origins)} on, and all "
                  "prepared again", worst, tolerance=_TOLERANCE, well="what a forecast reads stays the same",
        ill=f"what a forecast reads changes by {percent(worst)}, most {row} rows before the values that were replaced",
        remedy="filter, fill and difference with past values alone: no centred average, no interpolation towards the "
               "next value, no decomposition of the whole series")


def implied(raw: Tensor, prepared: Tensor) -> Statistics:
    """Mean and deviation by least squares of prepared rows (N, C) on raw ones; NaN for constant channels."""
    centred = raw - raw.mean(0)
    slope = (centred * (prepared - prepared.mean(0))).sum(0) / centred.square().sum(0)
    return Statistics(raw.mean(0) - prepared.mean(0) / slope, 1 / slope)


def _otherwise_fitted(data: Preparation) -> float:
    """How far the statistics by which a model was trained are from those of the training rows, in deviations."""
    if data.fitted is None:
        return 0.0
    mean, deviation = data.fitted.double().cpu().numpy()
    return Scaler.fit(data.values[: data.train].numpy()).apart(mean, deviation)


def _other_data(data: Preparation, number: float) -> Check:
    return measured(
        SCALER, "the statistics that the weights were trained with were held against those of the training rows",
        number, tolerance=_TOLERANCE, well="", remedy="bring the former data back, or train anew",
        ill=f"they differ by {number:.2g} deviations: the weights were trained on other rows")


def _fitted(data: Preparation, prepared: Tensor) -> str:
    """The scaler's statistics beside those of the training rows and of all, of the channel where these differ most."""
    train, every = data.values[: data.train], data.values
    found = implied(train, prepared[: data.train])
    gap = (every.mean(0) - train.mean(0)).abs() / train.std(0, correction=0)
    gap = torch.where(gap.isfinite() & found.mean.isfinite(), gap, -1.0)  # a constant channel implies no scale
    channel = int(gap.argmax())
    if gap[channel] < 0:
        return "every channel is constant in training"
    pairs = ((found.mean, train.mean(0), every.mean(0)),
             (found.deviation, train.std(0, correction=0), every.std(0, correction=0)))
    told = [f"{name} {float(mine[channel]):.4g} (training {float(fit[channel]):.4g}, all {float(all_[channel]):.4g})"
            for name, (mine, fit, all_) in zip(("mean", "deviation"), pairs, strict=True)]
    return f"channel {channel + 1} is scaled by {' and '.join(told)}"


def _felt(data: Preparation, before: Tensor, after: Tensor, probe: Probe | None) -> str:
    """How a forecast from the last training row changes; its own rows are the same."""
    if probe is None or data.train < data.lookback:
        return ""
    window = probe.part(slice(0, 1))
    read = slice(data.train - data.lookback, data.train)
    if window["x"].shape[1:] != before[read].shape:
        return ""
    try:
        first, second = (probe.call({**window, "x": rows[read][None].to(window["x"])}) for rows in (before, after))
    except Raised:  # `change the batch size` tells of it
        return ""
    return f"; a forecast from the last training row changes by {percent(change(second, first))}"


def _rescaled(after: Tensor, before: Tensor, known: slice) -> Tensor:
    """`after`, mapped channel by channel so that the known rows fit `before` best."""
    fit = implied(before[known], after[known])
    mapped = after * fit.deviation + fit.mean
    return torch.where(mapped.isfinite(), mapped, after)
