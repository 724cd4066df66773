"""The floor of a distance: what it gives for data against data, below which no model can be expected to come."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.rng import fold, generator

Metric = Callable[[Tensor, Tensor], float]
"""A distance between two samples (n, D) and (m, D), such as `energy_distance`."""

Draw = Callable[[int, int], Tensor]
"""Draws data: (count, seed) -> (count, D), independent for different seeds."""


class Floor(NamedTuple):
    """A metric's values on pairs of data sets of the size that the model is judged with.

    mean        their mean
    low, high   where one more such value falls with about 95 % probability: mean ± t_{R−1} s √(1 + 1/R)
    values      all R of them
    n           size of each data set
    """

    mean: float
    low: float
    high: float
    values: tuple[float, ...]
    n: int

    def p_value(self, value: float) -> float:
        """Share of values at least as large, (1 + #{floor ≥ value}) / (1 + R): exact where the pairs are independent.

        >>> Floor(0.0, -1.0, 1.0, (-0.5, 0.1, 0.4), 100).p_value(0.2)
        0.5
        """
        return (1 + sum(known >= value for known in self.values)) / (1 + len(self.values))


def fresh_floor(metric: Metric, draw: Draw, count: int, *, pairs: int = 20, seed: int = 0) -> Floor:
    """The floor from `pairs` independent pairs of newly drawn data sets of `count` points each.

    Errors: `InputError` for count < 2 or pairs < 2.
    """
    _check(count, pairs)
    values = [metric(draw(count, fold(seed, pair, 0)), draw(count, fold(seed, pair, 1))) for pair in range(pairs)]
    return _floor(values, count)


def disjoint_floor(metric: Metric, data: Tensor, count: int, *, pairs: int | None = None, seed: int = 0) -> Floor:
    """The floor from disjoint parts of `count` points of one data set (N, D), for data that cannot be drawn anew.

    pairs   as many as the data has room for when None

    Errors: `InputError` for count < 2, pairs < 2, or fewer than 2·count·pairs points.
    """
    pairs = len(data) // (2 * count) if pairs is None and count > 0 else pairs or 0
    _check(count, pairs)
    if 2 * count * pairs > len(data):
        raise InputError("count", count, f"at most {len(data) // (2 * pairs)}, for {pairs} pairs of {len(data)} points")
    order = torch.randperm(len(data), generator=generator(seed, count, pairs))
    parts = data[order[: 2 * count * pairs]].reshape(pairs, 2, count, *data.shape[1:])
    return _floor([metric(first, second) for first, second in parts], count)


def _check(count: int, pairs: int) -> None:
    if count < 2:
        raise InputError("count", count, "at least 2")
    if pairs < 2:
        raise InputError("pairs", pairs, "at least 2", "give more data or smaller parts")


def _floor(values: list[float], count: int) -> Floor:
    from scipy import stats

    sample = torch.tensor(values, dtype=torch.float64)
    if not sample.isfinite().all():
        raise InputError("metric", values, "finite on data against data")
    half = float(stats.t.ppf(0.975, len(values) - 1) * sample.std() * math.sqrt(1 + 1 / len(values)))
    mean = float(sample.mean())
    return Floor(mean, mean - half, mean + half, tuple(values), count)
