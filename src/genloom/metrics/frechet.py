"""The Fréchet distance between two sets of features, each taken as a Gaussian.

    d² = ‖μ₁ − μ₂‖² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁ Σ₂)^{1/2}

[Dowson & Landau 1982, Eq. 4; Heusel et al. 2017, Eq. 6] With Σ = L Lᵀ the last trace is the sum of the singular values
of L₁ᵀ L₂, which needs no root of a matrix and stays exact where covariances are singular.

The estimate is biased upwards by about a constant over N [Bińkowski et al. 2018, §4; Chong & Forsyth 2020, §3], so only
numbers of equal N compare, and data against data at that N is the floor.
"""

import math

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.features import Moments, as_features
from genloom.metrics.interval import Interval


def frechet_distance(a: Moments, b: Moments) -> float:
    """d² of two sets of features by their moments, ≥ 0 up to rounding, in squared units of the features.

    Errors: `InputError` for different numbers of features.
    """
    if a.mean.shape != b.mean.shape:
        raise InputError("b", tuple(b.mean.shape), f"moments of {len(a.mean)} features, as a has")
    return _distance(a, b, _nuclear(_factor(a.covariance).T @ _factor(b.covariance)))


def frechet_interval(features: Tensor, reference: Moments, *, groups: int = 20, level: float = 0.95) -> Interval:
    """d² of features (N, D) from a reference, with the interval of the delete-a-group jackknife.

        s² = (G − 1)/G Σ_g (d²₍g₎ − mean)²,      d² ± t_{G−1} s,      d²₍g₎ without the g-th of G groups

    It says how far d² would move with other pictures of the same model, the reference and N being as they are; it knows
    nothing of the bias, which the floor shows. Resampling with replacement is not used, since repeated pictures make
    the covariance narrower and d² larger. [Shao & Tu 1995, §2.3]

    groups   at least 2, each of at least 2 pictures; fewer are taken where N is small

    Errors: `InputError` for fewer than 4 points, groups < 2, or another number of features.
    """
    from scipy import stats

    x = as_features("features", features, least=4)
    if groups < 2:
        raise InputError("groups", groups, "at least 2", "20 is usual")
    if x.shape[1] != len(reference.mean):
        raise InputError("features", tuple(x.shape), f"of shape (N, {len(reference.mean)}), as the reference has")
    groups, factor = min(groups, len(x) // 2), _factor(reference.covariance)
    seen = (x - reference.mean) @ factor
    value = _seen_distance(x, seen, reference)
    without = torch.tensor([_seen_distance(x[rest], seen[rest], reference) for rest in _rests(len(x), groups)])
    s = math.sqrt((groups - 1) * float(without.double().var(correction=0)))
    half = float(stats.t.ppf((1 + level) / 2, groups - 1)) * s
    return Interval(value, max(0.0, value - half), value + half, len(x))


def small_sample_note(n: int, dim: int) -> str:
    """What must be said beside a distance of N pictures in D features, "" where N > D is safe.

    >>> small_sample_note(256, 2048)[:44]
    'N = 256 pictures are fewer than 2048 feature'
    """
    if n > dim:
        return ""
    return (f"N = {n} pictures are fewer than {dim} features: the covariance is singular and the distance is far above "
            "its value for many pictures; only numbers of the same N and reference compare")


def _rests(n: int, groups: int) -> list[Tensor]:
    """The points that stay when each group of every `groups`-th point is left out."""
    group = torch.arange(n) % groups
    return [group != g for g in range(groups)]


def _seen_distance(x: Tensor, seen: Tensor, reference: Moments) -> float:
    """d² of x (n, D), whose points relative to the reference are `seen` (n, r) through its factor."""
    mean = x.mean(0)
    trace = (x - mean).square().sum() / (len(x) - 1)
    root = _nuclear(seen - seen.mean(0)) / math.sqrt(len(x) - 1)
    shift = (mean - reference.mean).square().sum()
    return float(shift + trace + reference.covariance.trace() - 2 * root)


def _distance(a: Moments, b: Moments, root: Tensor) -> float:
    return float((a.mean - b.mean).square().sum() + a.covariance.trace() + b.covariance.trace() - 2 * root)


def _factor(covariance: Tensor) -> Tensor:
    """L (D, r) with L Lᵀ = Σ, r the rank: eigenvalues within rounding of 0 are 0, whose roots would be 1e-8."""
    values, vectors = torch.linalg.eigh((covariance + covariance.T) / 2)
    known = values > len(values) * torch.finfo(values.dtype).eps * values[-1]
    factor: Tensor = vectors[:, known] * values[known].sqrt()
    return factor


def _nuclear(matrix: Tensor) -> Tensor:
    """The sum of the singular values; 0 for a matrix without entries."""
    total: Tensor = torch.linalg.svdvals(matrix).sum() if matrix.numel() else matrix.new_zeros(())
    return total
