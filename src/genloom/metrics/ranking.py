"""How well a number tells two kinds of samples apart, with an interval."""

import math

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.interval import Interval


def told_apart(first: Tensor, second: Tensor, level: float = 0.95) -> Interval:
    """P(a > b) + ½ P(a = b) for a of the first and b of the second kind: the area under the ROC curve.

    ½ where the number says nothing, 1 where the first kind always has the larger one. The interval is that of the
    normal distribution with DeLong's variance

        s²_a/n + s²_b/m,      s_a over each a's share of smaller b, s_b over each b's share of larger a

    and is cut at 0 and 1. [DeLong, DeLong & Clarke-Pearson 1988, Eq. 3 and 5] Where all pairs are in one order this
    variance is 0 though nothing is certain; then the interval ends where k = min(n, m) pairs with nothing in common,
    each in that order with the same chance, are all so with chance (1 − level)/2.

    first, second   numbers (n,) and (m,), at least 2 of each

    >>> told_apart(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 2.0])).value
    0.625

    Errors: `InputError` for other shapes, numbers that are not finite, or a level outside (0, 1).
    """
    from scipy import stats

    if first.ndim != 1 or second.ndim != 1 or min(len(first), len(second)) < 2:
        raise InputError("first, second", (tuple(first.shape), tuple(second.shape)), "of shapes (n,), (m,); n, m ≥ 2")
    if not 0 < level < 1:
        raise InputError("level", level, "between 0 and 1", "0.95 is usual")
    a, b = first.detach().cpu().double(), second.detach().cpu().double()
    if not bool(a.isfinite().all() and b.isfinite().all()):
        raise InputError("first, second", "a number that is not finite", "finite")
    of_a, of_b = _shares_below(a, b), 1 - _shares_below(b, a)
    value = float(of_a.mean())
    if value in (0.0, 1.0):
        bound = ((1 - level) / 2) ** (1 / min(len(a), len(b)))
        return Interval(value, bound * value, 1 - bound * (1 - value), len(a) + len(b))
    half = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(float(of_a.var() / len(a) + of_b.var() / len(b)))
    return Interval(value, max(0.0, value - half), min(1.0, value + half), len(a) + len(b))


def _shares_below(x: Tensor, others: Tensor) -> Tensor:
    """For each of x the share of the others that are smaller, equal ones counting half."""
    ordered = others.sort().values
    below, up_to = torch.searchsorted(ordered, x), torch.searchsorted(ordered, x, right=True)
    return (below + up_to).double() / 2 / len(others)
