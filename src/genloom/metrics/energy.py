"""The energy distance between two samples, and its permutation test.

    𝓔(X, Y) = 2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖ ≥ 0,   0 only for equal distributions

[Székely & Rizzo 2013, Energy statistics, Eq. 2.1 and 6.1]
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError, UnknownName
from genloom.metrics.twosample import TwoSample, as_samples
from genloom.rng import generator

Statistic = Literal["u", "v"]
"""u: means over pairs of different points, unbiased, may be negative; v: over all pairs, ≥ 0, biased upwards."""

MOST_POOLED = 10_000  # the matrix of the test's pooled distances then takes 800 MB
_BLOCK = 1 << 22  # distances held at a time where no matrix is kept: 32 MB
_TIE = 1e-12  # relative; sums of the same numbers in another order count as equal


class _Sums(NamedTuple):
    """Sums of distances over all ordered pairs within x, within y, and over pairs (x, y)."""

    xx: Tensor
    yy: Tensor
    xy: Tensor


def energy_distance(x: Tensor, y: Tensor, statistic: Statistic = "u") -> float:
    """𝓔 of two samples x (n, D) and y (m, D), in their unit.

    statistic   "u" (default): unbiased, so that data against data is 0 on average and values at different n compare;
                "v": the squared `scipy.stats.energy_distance` in one dimension

    Errors: `InputError` for samples that do not fit together or are not finite; `UnknownName` for the statistic.
    """
    x, y = as_samples(x, y)
    sums = _Sums(_sum_of_distances(x, x), _sum_of_distances(y, y), _sum_of_distances(x, y))
    return float(_statistic(sums, len(x), len(y), statistic))


def energy_test(x: Tensor, y: Tensor, *, permutations: int = 500, seed: int = 0,
                statistic: Statistic = "u") -> TwoSample:
    """𝓔 with the p-value of a permutation test: exact at any n, whatever the distribution.

        p = (1 + #{permutations with 𝓔 ≥ the observed 𝓔}) / (1 + permutations)

    All permutations are one matrix product: with D the pooled distances and A their indicators of the first sample,
    within-sums are the columns' sums of A ∘ (D A).

    permutations   at least 1; the smallest possible p is 1/(permutations + 1)

    Errors: as `energy_distance`; `InputError` for more than 10,000 points in all.
    """
    x, y = as_samples(x, y)
    n, m = len(x), len(y)
    if permutations < 1:
        raise InputError("permutations", permutations, "at least 1", "500 give p-values in steps of .002")
    if n + m > MOST_POOLED:
        raise InputError("x and y", f"{n} + {m} points", f"at most {MOST_POOLED:,} in all", "take a part of them")
    pooled = torch.cat((x, y))
    values = _statistic(_permuted_sums(_distances(pooled, pooled), n, permutations, seed), n, m, statistic)
    scale = _TIE * max(1e-300, float(values.abs().max()))
    as_large = int((values[1:] >= values[0] - scale).sum())
    return TwoSample(float(values[0]), (1 + as_large) / (1 + permutations), n, m)


def _permuted_sums(distances: Tensor, n: int, permutations: int, seed: int) -> _Sums:
    """The sums for the given split (entry 0) and for random splits of the pooled points."""
    total = len(distances)
    keys = torch.rand((permutations, total), generator=generator(seed, total, n), dtype=torch.float64)
    first = torch.zeros(total, permutations + 1, dtype=torch.float64)
    first[:n, 0] = 1
    first[:, 1:].scatter_(0, keys.argsort(dim=1)[:, :n].T, 1.0)
    to_first = distances @ first
    xx = (first * to_first).sum(dim=0)
    xy = to_first.sum(dim=0) - xx
    return _Sums(xx, distances.sum() - xx - 2 * xy, xy)


def _statistic(sums: _Sums, n: int, m: int, statistic: Statistic) -> Tensor:
    if statistic == "u":
        return 2 * sums.xy / (n * m) - sums.xx / (n * (n - 1)) - sums.yy / (m * (m - 1))
    if statistic == "v":
        return 2 * sums.xy / (n * m) - sums.xx / (n * n) - sums.yy / (m * m)
    raise UnknownName("statistic", statistic, ["u", "v"])


def _distances(x: Tensor, y: Tensor) -> Tensor:
    # the faster route by ‖x‖² + ‖y‖² − 2xy loses half the digits of small distances
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def _sum_of_distances(x: Tensor, y: Tensor) -> Tensor:
    rows = max(1, _BLOCK // len(y))
    return torch.stack([_distances(some, y).sum() for some in torch.split(x, rows)]).sum()
