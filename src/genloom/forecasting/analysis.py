"""What attention looks at: weights by lag, by the hour of query and key, and how spread out they are.

A step's row is counted from the first step of the forecast: the lookback has rows −L … −1, the forecast 0 … H − 1. The
lag of a pair is the query's row less the key's; with hourly rows, 24 is the same hour of the day before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, cast

import torch
from torch import Tensor

from genloom.errors import InputError


@dataclass(frozen=True, eq=False)
class Attended:
    """The attention of one layer, as means over some windows.

    queries, keys   rows of the queries (Lq,) and of the keys (Lk,), int64
    visible         which pairs may be seen, bool (Lq, Lk)
    weights         mean weight of each pair, (heads, Lq, Lk), float64; rows sum to 1 where it is a weighting
    folded          mean weight that a query at hour a gives to all keys at hour c together, (heads, period, period)
    entropy         mean over windows and queries of −Σ w log w in nats, (heads,)
    windows         how many there were
    """

    queries: Tensor
    keys: Tensor
    visible: Tensor
    weights: Tensor
    folded: Tensor
    entropy: Tensor
    windows: int

    @cached_property
    def uniform(self) -> Tensor:
        """The weights of one who looks at all that may be seen alike, (Lq, Lk): 1/n for each of a query's n keys."""
        return self.visible.double() / self.visible.sum(1, keepdim=True)

    @property
    def uniform_entropy(self) -> float:
        """Their entropy: the mean of log n over the queries."""
        return float(self.visible.sum(1).double().log().mean())

    @property
    def breadth(self) -> Tensor:
        """exp(entropy) as a share of looking at all alike, (heads,): 1 is everywhere, and 1/n one key of n."""
        return (self.entropy - self.uniform_entropy).exp()

    def share_of_lags(self, lags: Sequence[int]) -> Tensor:
        """Mean share of a query's weight at these lags, (heads,)."""
        return (self.weights * torch.isin(self.lags, torch.tensor(list(lags)))).sum(2).mean(1)

    def share_of_rows(self, first: int, stop: int) -> Tensor:
        """Mean share of a query's weight on keys of rows first … stop − 1, (heads,): (−24, 0) is the last day."""
        return self.weights[:, :, (self.keys >= first) & (self.keys < stop)].sum(2).mean(1)

    def evenly(self) -> "Attended":
        """The same of one head that looks at all alike, to compare with; its hours are those of even windows."""
        period = self.folded.shape[1]
        hours = torch.full((1, period, period), 1 / period, dtype=torch.float64)
        return Attended(self.queries, self.keys, self.visible, self.uniform[None], hours,
                        torch.tensor([self.uniform_entropy], dtype=torch.float64), self.windows)

    @property
    def lags(self) -> Tensor:
        """Lag of each pair, (Lq, Lk)."""
        return self.queries[:, None] - self.keys[None, :]

    def profile(self, largest: int | None = None) -> "Profile":
        """Mean weight by lag, in units of looking at all alike: Σ w / Σ u over the visible pairs of a lag.

        largest   lags beyond ± this are left out
        """
        chosen = self.visible if largest is None else self.visible & (self.lags.abs() <= largest)
        lags, place = torch.unique(self.lags[chosen], return_inverse=True)
        heads = len(self.weights)
        sums = torch.zeros(heads, len(lags), dtype=torch.float64).index_add(1, place, self.weights[:, chosen])
        even = torch.zeros(len(lags), dtype=torch.float64).index_add(0, place, self.uniform[chosen])
        return Profile(lags, sums / even, place.bincount())


class Profile(NamedTuple):
    """Weight by lag.

    lags     (K,), in rising order
    weight   (heads, K): 1 is as much as looking at all alike gives to that lag
    pairs    how many pairs of steps have it, (K,)
    """

    lags: Tensor
    weight: Tensor
    pairs: Tensor

    def residues(self, period: int) -> Tensor:
        """Mean weight of the lags ≡ r modulo the period, over lags other than 0, (heads, period).

        Errors: `InputError` where a remainder has no lag.
        """
        there = self.lags != 0
        of, weight = self.lags[there] % period, self.weight[:, there]
        counts = of.bincount(minlength=period)
        if int(counts.min()) == 0:
            raise InputError("period", period, f"so small that each remainder has one of the {int(there.sum())} lags")
        return torch.zeros(len(weight), period, dtype=torch.float64).index_add(1, of, weight) / counts

    def contrast(self, period: int) -> "Contrast":
        """How much more the same hour of other days is looked at than the other hours."""
        each = self.residues(period)
        return Contrast(each[:, 0] / each[:, 1:].mean(1), (each >= each[:, :1]).double().sum(1) / period)


class Contrast(NamedTuple):
    """The same hour against the others.

    ratio   weight at lags that are multiples of the period over the mean of the other lags, (heads,)
    rank    share of remainders that are looked at as much at least, (heads,): 1/period where the same hour is first
    """

    ratio: Tensor
    rank: Tensor


def autocorrelation(values: Tensor, lags: int) -> Tensor:
    """r_k = Σ_t (x_t − x̄)(x_{t+k} − x̄) / Σ_t (x_t − x̄)² for k = 0 … lags − 1: (N, C) → (C, lags), float64.

    [Box & Jenkins 1976, section 2.1.6]

    Errors: `InputError` for more lags than rows; NaN for a constant channel.
    """
    if not 1 <= lags <= len(values):
        raise InputError("lags", lags, f"from 1 to {len(values)}, the number of rows")
    centred = (values.double() - values.double().mean(0)).T
    size = 1 << (2 * len(values) - 1).bit_length()  # without room for both ends, the series would meet itself
    power = torch.fft.rfft(centred, n=size).abs().square()
    products = torch.fft.irfft(power, n=size)[:, :lags]
    return cast(Tensor, products / products[:, :1])


class Agreement(NamedTuple):
    """Spearman's rank correlation of two curves, and how often as large a one comes about by turning one of them.

    p   share of the turns (x_i, x_{i+s}), s = 0 … K − 1, with a correlation as large; smooth curves have few
        independent points, for which a p-value of independent ones would be far too small
    """

    correlation: float
    p: float


def agreement(first: Tensor, second: Tensor) -> Agreement:
    """How well two curves (K,) agree, such as weight by lag and autocorrelation by lag.

    Errors: `InputError` for curves of other lengths, or shorter than 3.
    """
    if first.ndim != 1 or first.shape != second.shape or len(first) < 3:
        raise InputError("curves", (tuple(first.shape), tuple(second.shape)), "of one length of at least 3")
    one, two = (_standardised(_ranks(curve)) for curve in (first, second))
    turned = torch.stack([two.roll(shift) for shift in range(len(two))]) @ one
    return Agreement(float(turned[0]), float((turned >= turned[0] - 1e-12).double().mean()))


def _ranks(values: Tensor) -> Tensor:
    """Ranks, equal values sharing the mean of theirs."""
    from scipy import stats

    return torch.from_numpy(stats.rankdata(values.double().numpy()))


def _standardised(values: Tensor) -> Tensor:
    centred = values - values.mean()
    return cast(Tensor, centred / centred.norm().clamp(min=1e-300))
