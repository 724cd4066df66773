"""How sure a mean of dependent values is, such as the errors of windows that overlap."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.interval import Interval
from genloom.rng import generator

Kind = Literal["circular", "moving"]
"""circular: blocks may run over the end to the beginning, so that all values weigh the same; moving: they may not."""


def block_interval(values: Sequence[float] | Tensor, block: int, *, kind: Kind = "circular", draws: int = 2000,
                   seed: int = 0, level: float = 0.95) -> Interval:
    """The mean of n values in the order of time, with its block-bootstrap interval.

    Blocks of ℓ successive values are drawn until there are n, which keeps what neighbours have in common. The quantiles
    of the means so drawn are spread about the mean of the values by

        t_ν / z / √(1 − ℓ/n),      ν = n/ℓ − 1

    since n/ℓ blocks are as few values as they sound: the root undoes that blocks deviate from their own mean, and
    Student's quantile tells that few blocks hardly know their spread. For long series this is the percentile interval.
    [Künsch 1989, §2, moving; Politis & Romano 1992, circular; the factor is ours]

    block   ℓ, at least the distance up to which values depend on one another: the horizon for errors of windows; half
            as much again covers better, where there is room for several blocks

    With fewer than two blocks in the values nothing is known, and the interval is (−∞, ∞).

    Errors: `InputError` for values that are not finite or of another shape than (n,), or block, draws or level out of
    range.
    """
    from scipy import stats

    sample = torch.as_tensor(values).detach().cpu().double()
    _check(sample, block, draws, level)
    n, mean = len(sample), float(sample.mean())
    if 2 * block > n:
        return Interval(mean, -math.inf, math.inf, n)
    again = _means(sample - mean, block, kind, draws, seed)
    if kind == "moving":
        again = again - again.mean()  # values at the ends are in fewer blocks, which moves the mean
    tails = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)
    wider = float(stats.t.ppf((1 + level) / 2, n / block - 1) / stats.norm.ppf((1 + level) / 2))
    low, high = (torch.quantile(again, tails) * wider / math.sqrt(1 - block / n)).tolist()
    return Interval(mean, mean + low, mean + high, n)


def difference_interval(first: Sequence[float] | Tensor, second: Sequence[float] | Tensor, block: int, *,
                        kind: Kind = "circular", draws: int = 2000, seed: int = 0, level: float = 0.95) -> Interval:
    """The mean of first − second, pairs in the order of time, with its block-bootstrap interval as in `block_interval`.

    Of two models' errors on the same windows it is below 0 throughout where the first is better.

    Errors: `InputError` as `block_interval`, or for unequal lengths.
    """
    a, b = torch.as_tensor(first).detach().cpu().double(), torch.as_tensor(second).detach().cpu().double()
    if a.shape != b.shape:
        raise InputError("first, second", (tuple(a.shape), tuple(b.shape)), "of one length, value by value paired")
    return block_interval(a - b, block, kind=kind, draws=draws, seed=seed, level=level)


def _check(sample: Tensor, block: int, draws: int, level: float) -> None:
    if sample.ndim != 1 or len(sample) == 0 or not bool(sample.isfinite().all()):
        raise InputError("values", tuple(sample.shape), "finite and of shape (n,) with n ≥ 1")
    if block < 1:
        raise InputError("block", block, "at least 1", "take the horizon")
    if draws < 100:
        raise InputError("draws", draws, "at least 100")
    if not 0 < level < 1:
        raise InputError("level", level, "between 0 and 1", "0.95 is usual")


def _means(sample: Tensor, block: int, kind: Kind, draws: int, seed: int) -> Tensor:
    """Means of n values in blocks drawn with replacement, the last one cut, (draws,)."""
    n = len(sample)
    starts = n if kind == "circular" else n - block + 1
    whole, rest = divmod(n, block)
    sums = torch.cat((sample.new_zeros(1), torch.cat((sample, sample[:block])).cumsum(dim=0)))
    drawn = torch.randint(starts, (draws, whole + 1), generator=generator(seed, n, block, draws))
    total = (sums[block : block + starts] - sums[:starts])[drawn[:, :whole]].sum(dim=1)
    last = drawn[:, whole]
    return (total + sums[last + rest] - sums[last]) / n
