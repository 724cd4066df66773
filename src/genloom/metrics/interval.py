"""How sure a number is: intervals for a mean, for any statistic, and for a share."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.rng import generator


class Interval(NamedTuple):
    """A number with the interval that holds the truth at the stated level.

    value       the estimate
    low, high   ends of the interval
    n           how many values or trials it is made of
    """

    value: float
    low: float
    high: float
    n: int


def mean_interval(values: Sequence[float] | Tensor, level: float = 0.95) -> Interval:
    """Mean of independent values, such as one per seed, with Student's interval: x̄ ± t_{n−1} s/√n.

    The interval of a single value is (−∞, ∞): one seed says nothing about the next.

    Errors: `InputError` for no value, one that is not finite, or a level outside (0, 1).
    """
    from scipy import stats

    sample = _check(values, level)
    mean, n = float(sample.mean()), len(sample)
    if n == 1:
        return Interval(mean, -math.inf, math.inf, 1)
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * sample.std() / math.sqrt(n))
    return Interval(mean, mean - half, mean + half, n)


def bootstrap_interval(values: Tensor, statistic: Callable[[Tensor], Tensor] | None = None, *, draws: int = 2000,
                       seed: int = 0, level: float = 0.95) -> Interval:
    """A statistic of independent values (n,) with its percentile bootstrap interval.

    statistic   maps (draws, n) to (draws,); the mean over the last dimension when None

    [Efron & Tibshirani 1993, §13.3] Too narrow for fewer than about 20 values.

    Errors: `InputError` as `mean_interval`, or for draws < 100.
    """
    sample = _check(values, level)
    if draws < 100:
        raise InputError("draws", draws, "at least 100")
    of = statistic or (lambda rows: rows.mean(dim=-1))
    again = torch.randint(len(sample), (draws, len(sample)), generator=generator(seed, draws))
    low, high = torch.quantile(of(sample[again]), torch.tensor([(1 - level) / 2, (1 + level) / 2]).double()).tolist()
    return Interval(float(of(sample[None])[0]), low, high, len(sample))


def wilson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    """A share k/n with Wilson's score interval, which stays inside [0, 1] and is sound at 0 and n. [Wilson 1927]

    (k + z²/2 ± z √(k (n − k)/n + z²/4)) / (n + z²)

    Errors: `InputError` unless 0 ≤ successes ≤ n, n ≥ 1, 0 < level < 1.
    """
    from scipy import stats

    if n < 1 or not 0 <= successes <= n:
        raise InputError("successes", successes, f"from 0 to n = {n}, with n ≥ 1")
    _check_level(level)
    z = float(stats.norm.ppf((1 + level) / 2))
    half = z * math.sqrt(successes * (n - successes) / n + z**2 / 4)
    low, high = (successes + z**2 / 2 - half) / (n + z**2), (successes + z**2 / 2 + half) / (n + z**2)
    # rounding must not put 0 of n or n of n outside their own interval
    return Interval(successes / n, low if successes else 0.0, high if successes < n else 1.0, n)


def _check(values: Sequence[float] | Tensor, level: float) -> Tensor:
    _check_level(level)
    sample = torch.as_tensor(values).detach().double()
    if sample.ndim != 1 or len(sample) == 0:
        raise InputError("values", tuple(sample.shape), "of shape (n,) with n ≥ 1")
    if not sample.isfinite().all():
        raise InputError("values", sample.tolist(), "finite")
    return sample


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InputError("level", level, "between 0 and 1", "0.95 is usual")
