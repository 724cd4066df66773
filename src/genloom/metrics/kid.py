"""The kernel distance between two sets of features: the squared maximum mean discrepancy of a cubic kernel.

    k(x, y) = (x·y/D + 1)³
    MMD² = E k(x, x') + E k(y, y') − 2 E k(x, y)

estimated without bias, so that its mean is 0 for equal distributions at any number of pictures; it may be negative.
[Bińkowski et al. 2018, §3.1 and Eq. 4; Gretton et al. 2012, Lemma 6]
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.features import as_features
from genloom.rng import generator

_BLOCK = 1 << 22  # kernel values held at a time: 32 MB


class KernelDistance(NamedTuple):
    """MMD² with its standard error.

    value    MMD² of all features, or its mean over subsets
    stderr   of the value, by leaving out each point of either set in turn; it holds however subsets overlap
    spread   standard deviation over subsets, which papers print behind ±; 0 where there was one
    """

    value: float
    stderr: float
    spread: float


def kernel_distance(x: Tensor, y: Tensor) -> KernelDistance:
    """MMD² of all features x (n, D) and y (m, D), with its jackknife standard error.

        s² = (n − 1)/n Σ_i (MMD²₍ᵢ₎ − mean)²  over x's points, and the same over y's

    Errors: `InputError` for sets that do not fit together, fewer than 3 points, or a number that is not finite.
    """
    x, y = _fitting(x, y)
    n, m = len(x), len(y)
    xx, yy = _row_sums(x, x) - _kernel_of_itself(x), _row_sums(y, y) - _kernel_of_itself(y)
    xy, yx = _row_sums(x, y), _row_sums(y, x)
    value = _statistic(xx.sum(), yy.sum(), xy.sum(), n, m)
    without_x = _statistic(xx.sum() - 2 * xx, yy.sum(), xy.sum() - xy, n - 1, m)
    without_y = _statistic(xx.sum(), yy.sum() - 2 * yy, yx.sum() - yx, n, m - 1)
    variance = sum((len(left) - 1) * left.var(correction=0) for left in (without_x, without_y))
    return KernelDistance(float(value), math.sqrt(float(variance)), 0.0)


def kid(x: Tensor, y: Tensor, *, subsets: int = 100, size: int = 1000, seed: int = 0) -> KernelDistance:
    """The mean of MMD² over random subsets of both sets, as papers report it.

    subsets   of `size` points each, or of min(n, m) where there are fewer; then `kernel_distance` says the same with
              less noise
    seed      decides the subsets

    Errors: as `kernel_distance`; `InputError` for subsets < 1 or size < 2.
    """
    x, y = _fitting(x, y)
    if subsets < 1 or size < 2:
        raise InputError("subsets, size", (subsets, size), "subsets ≥ 1 and size ≥ 2", "100 of 1000 are usual")
    size, random, found = min(size, len(x), len(y)), generator(seed, 7), []
    for _ in range(subsets):
        first, second = (sample[torch.randperm(len(sample), generator=random)[:size]] for sample in (x, y))
        xx = _row_sums(first, first).sum() - _kernel_of_itself(first).sum()
        yy = _row_sums(second, second).sum() - _kernel_of_itself(second).sum()
        found.append(_statistic(xx, yy, _row_sums(first, second).sum(), size, size))
    values = torch.stack(found)
    spread = float(values.std()) if subsets > 1 else 0.0
    return KernelDistance(float(values.mean()), kernel_distance(x, y).stderr, spread)


def _fitting(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    x, y = as_features("x", x, least=3), as_features("y", y, least=3)
    if x.shape[1] != y.shape[1]:
        raise InputError("y", tuple(y.shape), f"of shape (m, {x.shape[1]}), as x has {x.shape[1]} features")
    return x, y


def _statistic(xx: Tensor, yy: Tensor, xy: Tensor, n: int, m: int) -> Tensor:
    """MMD² from sums over ordered pairs of different points and over pairs (x, y)."""
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)


def _row_sums(x: Tensor, y: Tensor) -> Tensor:
    """Σ_j k(x_i, y_j), shape (n,)."""
    rows = max(1, _BLOCK // len(y))
    return torch.cat([(some @ y.T / y.shape[1] + 1).pow(3).sum(1) for some in torch.split(x, rows)])


def _kernel_of_itself(x: Tensor) -> Tensor:
    """k(x_i, x_i), shape (n,)."""
    return (x.square().sum(1) / x.shape[1] + 1).pow(3)
