"""How many of a picture's labels a judge of label sets names, when it is told how many there are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.interval import Interval, mean_interval, wilson_interval
from genloom.rng import fold

_DRAWS = 4000  # of a bootstrap


class Chance(NamedTuple):
    """What is right by chance: k answers are taken from K things without looking, every choice equally likely.

    micro    (Σ k²/K) / Σ k
    macro    mean of k/K
    whole    mean of 1 / (K choose k)
    spread   standard deviation of micro over repetitions of the whole, from k · k/K · (1 − k/K) · (K − k)/(K − 1)
    """

    micro: float
    macro: float
    whole: float
    spread: float


class Grouped(NamedTuple):
    """`micro`, `macro` and `whole` of groups of pictures with one label set each, however many a group has."""

    micro: Interval
    macro: Interval
    whole: Interval


@dataclass(frozen=True, eq=False)
class LabelAccuracy:
    """Answers beside labels; as many answers as labels, so that precision, recall and F1 are one number.

    said   the answers, bool (N, K)
    sets   the labels, bool (N, K); as many in each row as there are answers
    """

    said: Tensor
    sets: Tensor

    @property
    def hits(self) -> Tensor:
        """Right answers of each picture, int64 (N,)."""
        return (self.said & self.sets).sum(1)

    @property
    def counts(self) -> Tensor:
        """Labels of each picture, int64 (N,)."""
        return self.sets.sum(1)

    @property
    def micro(self) -> Interval:
        """Share of all labels that are named, Σ hits / Σ k: the accuracy of the course; n is the number of labels.

        The interval is the bootstrap's over pictures [Efron & Tibshirani 1993, §13.3], as labels of one picture are
        not independent, extended to Wilson's over labels, since nothing can be resampled where all is right.
        """
        drawn, labels = _resampled(self.hits, self.counts), int(self.counts.sum())
        return _extended(int(self.hits.sum()) / labels, (drawn.repeats @ drawn.hits) / (drawn.repeats @ drawn.counts),
                         labels, labels)

    @property
    def macro(self) -> Interval:
        """Mean over pictures of the share of its labels that are named; n is the number of pictures.

        The interval is made as that of `micro`.
        """
        drawn, labels = _resampled(self.hits, self.counts), int(self.counts.sum())
        value = float((self.hits.double() / self.counts).mean())
        return _extended(value, (drawn.repeats @ (drawn.hits / drawn.counts)) / len(self.sets), labels, len(self.sets))

    @property
    def whole(self) -> Interval:
        """Share of pictures whose labels are all named, with Wilson's interval."""
        return wilson_interval(int((self.hits == self.counts).sum()), len(self.sets))

    @property
    def chance(self) -> Chance:
        """The same numbers of one who does not look."""
        return chance(self.counts, self.sets.shape[1])

    def by_count(self) -> Mapping[int, Interval]:
        """`micro` of the pictures with one label, with two, and so on."""
        counts = self.counts
        return {k: self.part(counts == k).micro for k in sorted(set(counts.tolist()))}

    def by_object(self) -> tuple[Interval | None, ...]:
        """Of each of the K things the share of its pictures in which it is named, None where there is no picture."""
        right, there = (self.said & self.sets).sum(0).tolist(), self.sets.sum(0).tolist()
        return tuple(wilson_interval(k, n) if n else None for k, n in zip(right, there, strict=True))

    def part(self, which: Tensor) -> "LabelAccuracy":
        """The same of some of the pictures, by a mask or by their places."""
        return LabelAccuracy(self.said[which], self.sets[which])


def label_accuracy(logits: Tensor, sets: Tensor) -> LabelAccuracy:
    """The k highest logits of each picture are the answers, k being the number of its labels.

    logits   (N, K), of the labels or of anything that rises with them
    sets     (N, K), 1 where the thing is there and 0 where it is not; at least one in each row

    >>> label_accuracy(torch.tensor([[0.1, 2.0, 1.0], [3.0, 0.0, 2.0]]), torch.tensor([[0, 1, 0], [0, 1, 1]])).micro[0]
    0.6666666666666666

    Errors: `InputError` for other shapes, logits that are not finite, sets of other numbers, or an empty set.
    """
    return LabelAccuracy(answers(logits, sets), sets.cpu().bool())


def answers(logits: Tensor, sets: Tensor) -> Tensor:
    """The k highest of each row, bool (N, K), on the CPU.

    Of equal logits a label comes last: one who says the same of everything is never right, wherever the labels stand.

    Errors: as `label_accuracy`.
    """
    logits, sets = logits.detach().cpu(), sets.detach().cpu()
    _check(logits, sets)
    order = sets.int().argsort(dim=1, stable=True)
    ranked = order.gather(1, logits.gather(1, order).argsort(dim=1, descending=True, stable=True))
    first = torch.arange(sets.shape[1]) < sets.long().sum(1, keepdim=True)
    return torch.zeros(sets.shape, dtype=torch.bool).scatter_(1, ranked, first)


def chance(counts: Tensor, things: int) -> Chance:
    """Chance for pictures of so many labels each, (N,), out of K things: hits are hypergeometric."""
    k = counts.double()
    share, n = k / things, k.sum()
    variance = k * share * (1 - share) * (things - k) / max(things - 1, 1)
    whole = [1 / math.comb(things, each) for each in counts.tolist()]
    return Chance(float((k * share).sum() / n), float(share.mean()), math.fsum(whole) / len(whole),
                  float(variance.sum().sqrt() / n))


def pooled(parts: Sequence[LabelAccuracy]) -> LabelAccuracy:
    """All pictures of several samplings as one; its intervals are those of pictures of random label sets.

    Where the label sets are the same in all samplings they are too wide, as label sets differ in difficulty.
    """
    return LabelAccuracy(torch.cat([part.said for part in parts]), torch.cat([part.sets for part in parts]))


def over_seeds(parts: Sequence[LabelAccuracy]) -> Interval:
    """Mean of `micro` over samplings of the same label sets with Student's interval; n is the number of samplings.

    Errors: `InputError` for no sampling, or for other label sets in one of them.
    """
    if not parts or any(not torch.equal(part.sets, parts[0].sets) for part in parts):
        raise InputError("parts", len(parts), "one or more samplings of the same label sets")
    return mean_interval([part.micro.value for part in parts])


def grouped(found: LabelAccuracy, groups: Tensor) -> Grouped:
    """The three numbers where each label set weighs as one picture of it, over all its pictures.

    groups   (N,), equal for pictures of one label set: drawn with several seeds, or several real ones

    With h̄_g the mean of the hits of group g and k_g its number of labels, micro is Σ h̄_g / Σ k_g and macro the mean of
    h̄_g/k_g. The intervals are bootstraps over groups, each with all its pictures, which holds what both differ by: the
    groups, and the noise of the pictures in them [Davison & Hinkley 1997, §3.8]; extended to Wilson's over all labels,
    or for `whole` over all pictures. n is the number of labels, for `macro` and `whole` that of pictures.

    Errors: `InputError` for another number of groups, or label sets that differ within one.
    """
    if groups.shape != found.counts.shape:
        raise InputError("groups", tuple(groups.shape), f"({len(found.counts)},), one for each picture")
    _, place, number = torch.unique(groups, return_inverse=True, return_counts=True)
    sets = torch.zeros(len(number), found.sets.shape[1], dtype=torch.bool).index_copy_(0, place, found.sets)
    if not torch.equal(sets[place], found.sets):
        raise InputError("groups", "groups with other label sets in them", "one label set in each")
    labels, ones = int(found.counts.sum()), torch.ones(len(number), dtype=torch.float64)
    counts, hits = sets.sum(1).double(), _means(found.hits, place, number)
    whole = _means(found.hits == found.counts, place, number)
    return Grouped(_ratio(hits, counts, labels, labels), _ratio(hits / counts, ones, labels, len(place)),
                   _ratio(whole, ones, len(place), len(place)))


class _Resampled(NamedTuple):
    """Pictures of equal hits and counts as one cell: how often each cell is drawn is multinomial."""

    repeats: "np.ndarray[tuple[int, int], np.dtype[np.float64]]"
    hits: "np.ndarray[tuple[int], np.dtype[np.float64]]"
    counts: "np.ndarray[tuple[int], np.dtype[np.float64]]"


def _resampled(hits: Tensor, counts: Tensor) -> _Resampled:
    cells, there = np.unique(np.stack([hits.numpy(), counts.numpy()]), axis=1, return_counts=True)
    random = np.random.default_rng(fold(0, len(hits)))
    repeats = random.multinomial(len(hits), there / len(hits), size=_DRAWS).astype(np.float64)
    return _Resampled(repeats, *cells.astype(np.float64))


def _means(values: Tensor, place: Tensor, number: Tensor) -> Tensor:
    return torch.zeros(len(number), dtype=torch.float64).index_add_(0, place, values.double()) / number


def _ratio(hits: Tensor, counts: Tensor, trials: int, n: int) -> Interval:
    """Σ hits / Σ counts with its interval."""
    drawn = _resampled(hits, counts)
    return _extended(float(hits.sum() / counts.sum()),
                     (drawn.repeats @ drawn.hits) / (drawn.repeats @ drawn.counts), trials, n)


def _extended(value: float, drawn: "np.ndarray[tuple[int], np.dtype[np.float64]]", labels: int, n: int) -> Interval:
    """The value with the middle 95 % of what was drawn and Wilson's interval for this share of so many labels."""
    low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
    least = wilson_interval(round(value * labels), labels)
    return Interval(value, min(low, least.low, value), max(high, least.high, value), n)


def _check(logits: Tensor, sets: Tensor) -> None:
    if logits.ndim != 2 or logits.shape != sets.shape or 0 in logits.shape:
        raise InputError("logits", tuple(logits.shape), f"(N, K) as the label sets, {tuple(sets.shape)}, N and K ≥ 1")
    if not bool(logits.isfinite().all()):
        raise InputError("logits", "numbers that are not finite", "finite")
    if not bool(((sets == 0) | (sets == 1)).all()):
        raise InputError("sets", sorted(set(sets.flatten().tolist()))[:5], "0 and 1 alone")
    empty = (sets == 0).all(1).nonzero()[:, 0].tolist()
    if empty:
        raise InputError("sets", f"row {empty[0]} without a label", "at least one label in each row")
