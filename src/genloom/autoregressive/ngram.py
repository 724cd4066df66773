"""Interpolated modified Kneser–Ney: the best a table of counts can do, and what a neural model has to beat.

With h the n − 1 symbols before w, h′ the same without its first, and c the count of a sequence at its order,

    p_n(w | h) = (c(h w) − D(c(h w))) / c(h ·) + γ(h) p_{n−1}(w | h′),      p_0 = 1/V

    γ(h) = (D_1 N_1(h ·) + D_2 N_2(h ·) + D_3+ N_3+(h ·)) / c(h ·)

where N_k(h ·) is the number of symbols w with c(h w) = k. c is the number of occurrences at the highest order; at the
lower ones it is the number of different symbols that stand before. The discounts come from the numbers n_k of sequences
with c = k: Y = n_1/(n_1 + 2 n_2), D_k = k − (k + 1) Y n_{k+1}/n_k. [Chen & Goodman 1999, Eq. 20 to 26]

A mark stands before each stretch of text, as symbol V: it is in contexts, and is never predicted.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloom.errors import DataError, InputError

Symbols = NDArray[Any]
"""Bytes or token ids of one stretch of text."""
_Numbers = NDArray[np.int64]
_Reals = NDArray[np.float64]

_ABSENT = -1
_USUAL = (0.5, 1.0, 1.5)  # discounts where the text is too small, or too regular, to estimate them


class _Order(NamedTuple):
    """What is known of the sequences of one length n.

    keys      of all of them, ascending: (index of its first n − 1 symbols at order n − 1) · (V + 1) + its last symbol
    counts    c of each
    totals    c(h ·) of each context, by its index at order n − 1; 0 for one that nothing follows
    gammas    γ(h) of each context
    discount  D by count 0, 1, 2, 3+
    """

    keys: _Numbers
    counts: _Numbers
    totals: _Numbers
    gammas: _Reals
    discount: _Reals


class _Sequences(NamedTuple):
    """The distinct sequences of one length.

    keys     as in `_Order`
    ids      which of them ends at each place of the text; `_ABSENT` where its stretch has fewer symbols before it
    counts   how often each occurs
    """

    keys: _Numbers
    ids: _Numbers
    counts: _Numbers


class KneserNey:
    """An n-gram model with n − 1 symbols of context.

    order        n, 1 … 32
    vocabulary   V, the number of symbols

    It keeps every sequence of up to n symbols in memory, about 32 bytes for each that is distinct; to fit it takes
    8 n bytes more for each symbol of the text. A book takes a second; texts of 100 MB and more are too large for it.

    Errors: `InputError` for an order or a vocabulary outside its range.
    """

    def __init__(self, order: int, vocabulary: int) -> None:
        if not 1 <= order <= 32:
            raise InputError("order", order, "of 1 to 32")
        if vocabulary < 1:
            raise InputError("vocabulary", vocabulary, "at least 1")
        self.order, self.vocabulary = order, vocabulary
        self._orders: list[_Order] = []

    def fit(self, stretches: Iterable[Symbols]) -> "KneserNey":
        """Count the sequences of these stretches, none of which reaches from one into another.

        Errors: `InputError` for a symbol outside the vocabulary; `DataError` for no symbols at all.
        """
        text = _marked([self._checked(each) for each in stretches], self.vocabulary)
        if not (text < self.vocabulary).any():
            raise DataError("the training text of the n-gram model is empty; give it some")
        room = _distances(text, self.vocabulary)
        found = list[_Sequences]()
        for n in range(1, self.order + 1):
            found.append(_counted(text, found[-1].ids if found else None, room, n, self.vocabulary))
        self._orders, contexts = [], 1
        for n, (keys, ids, counts) in enumerate(found, 1):
            if not len(keys):  # no stretch is so long
                break
            if n < self.order:
                counts = _preceded(found[n], ids, counts, room, n)
            self._orders.append(_order(keys, counts, contexts, self.vocabulary))
            contexts = len(keys)
        return self

    def log_prob(self, stretch: Symbols) -> _Reals:
        """log p of each symbol of a stretch given those before it, (L,) in nats.

        Errors: `InputError` for a symbol outside the vocabulary.
        """
        text = _marked([self._checked(stretch)], self.vocabulary)
        before = np.zeros(len(text), np.int64)  # the index of the context that ends before each symbol
        p = np.full(len(text), 1 / self.vocabulary)
        for order in self._orders:
            ids = _found(order, before, text, self.vocabulary)
            p = _interpolated(order, before, ids, p)
            before = np.concatenate(([_ABSENT], ids[:-1]))
        found: _Reals = np.log(p[1:])
        return found

    def distribution(self, context: Symbols) -> _Reals:
        """p of every symbol after a context that begins a stretch, (V,); they sum to 1."""
        text = _marked([self._checked(context)], self.vocabulary)
        each, p = np.arange(self.vocabulary), np.full(self.vocabulary, 1 / self.vocabulary)
        ids = np.zeros(len(text), np.int64)  # of the contexts of n − 1 symbols, by the place of their last one
        for order in self._orders:
            here = np.full(self.vocabulary, ids[-1])
            p = _interpolated(order, here, _found(order, here, each, self.vocabulary), p)
            ids = _found(order, np.concatenate(([0 if order is self._orders[0] else _ABSENT], ids[:-1])), text,
                         self.vocabulary)
        return p

    def _checked(self, stretch: Symbols) -> _Numbers:
        symbols = np.asarray(stretch).astype(np.int64)
        if symbols.ndim != 1 or (len(symbols) and not 0 <= symbols.min() <= symbols.max() < self.vocabulary):
            raise InputError("stretch", f"{symbols.shape}", f"a row of symbols 0 to {self.vocabulary - 1}")
        return symbols


class Chosen(NamedTuple):
    """The model of the order that the validation liked best, and its nats per symbol there by order."""

    model: KneserNey
    nats: dict[int, float]


def best_order(train: Sequence[Symbols], valid: Sequence[Symbols], vocabulary: int,
               orders: Iterable[int] = range(1, 17)) -> Chosen:
    """The model of the order that gives the validation part the highest probability.

    orders   are tried in turn until one is no better than the one before; what follows hardly differs

    Errors: as `KneserNey`; `DataError` for a validation part without symbols.
    """
    count = sum(map(len, valid))
    if not count:
        raise DataError("there is no validation text to choose the order of the n-gram model by; hold some out")
    nats, best = dict[int, float](), None
    for order in orders:
        model = KneserNey(order, vocabulary).fit(train)
        nats[order] = -sum(float(model.log_prob(stretch).sum()) for stretch in valid) / count
        if best is not None and nats[order] >= nats[best.order]:
            break
        best = model
    if best is None:
        raise InputError("orders", "none", "at least one order")
    return Chosen(best, nats)


def _marked(stretches: Sequence[_Numbers], mark: int) -> _Numbers:
    """The stretches one after the other, each with a mark before it."""
    return np.concatenate([np.empty(0, np.int64), *(part for each in stretches for part in ([mark], each))])


def _distances(text: _Numbers, mark: int) -> _Numbers:
    """How many symbols of its stretch, and the mark, end with each place: 1 at the mark."""
    place = np.arange(len(text))
    return place - np.maximum.accumulate(np.where(text == mark, place, 0)) + 1


def _counted(text: _Numbers, shorter: _Numbers | None, room: _Numbers, n: int, mark: int) -> _Sequences:
    """The sequences of n symbols, from the ids of those of n − 1."""
    places = np.flatnonzero(room >= n)
    context = shorter[places - 1] if shorter is not None else np.zeros(len(places), np.int64)
    keys, inverse, counts = np.unique(context * (mark + 1) + text[places], return_inverse=True, return_counts=True)
    ids = np.full(len(text), _ABSENT)
    ids[places] = inverse
    return _Sequences(keys, ids, counts)


def _preceded(longer: _Sequences, ids: _Numbers, counts: _Numbers, room: _Numbers, n: int) -> _Numbers:
    """How many different symbols stand before each sequence of n; how often it occurs if it begins with the mark.

    Each distinct sequence of n + 1 symbols is one symbol before one sequence of n.
    """
    shorter = np.empty(len(longer.keys), np.int64)
    places = np.flatnonzero(room >= n + 1)
    shorter[longer.ids[places]] = ids[places]
    found = np.bincount(shorter, minlength=len(counts))
    return np.where(found > 0, found, counts)  # only what begins with the mark has nothing before it


def _order(keys: _Numbers, counts: _Numbers, contexts: int, mark: int) -> _Order:
    predicted = keys % (mark + 1) != mark
    counts = np.where(predicted, counts, 0)
    discount = _discounts(counts)
    context = keys // (mark + 1)
    totals = np.bincount(context, counts, contexts).astype(np.int64)
    taken = np.bincount(context, discount[np.minimum(counts, 3)], contexts)
    gammas = np.divide(taken, totals, out=np.ones(contexts), where=totals > 0)
    return _Order(keys, counts, totals, gammas, discount)


def _discounts(counts: _Numbers) -> _Reals:
    """D of counts 0, 1, 2, 3+, at most k; the usual ones where the estimates cannot be made, or would leave nothing to
    what was not seen, whose probability were then 0. [Chen & Goodman 1999, Eq. 26]
    """
    n = [int(np.count_nonzero(counts == k)) for k in range(5)]
    if not all(n[1:]):
        return np.array([0, *_USUAL])
    y = n[1] / (n[1] + 2 * n[2])
    found = [k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)]
    return np.array([0, *(found if min(found) > 0 else _USUAL)])


def _found(order: _Order, before: _Numbers, symbols: _Numbers, mark: int) -> _Numbers:
    """Which sequence each context and symbol make up; `_ABSENT` where training had none."""
    keys = np.where(before >= 0, before * (mark + 1) + symbols, _ABSENT)
    ids = order.keys.searchsorted(keys)
    return np.where(order.keys[np.minimum(ids, len(order.keys) - 1)] == keys, ids, _ABSENT)


def _interpolated(order: _Order, before: _Numbers, ids: _Numbers, p: _Reals) -> _Reals:
    """p_n from p_{n−1}; where the context was never followed by anything, p_{n−1} itself."""
    total = np.where(before >= 0, order.totals[before], 0)
    count = np.where(ids >= 0, order.counts[ids], 0)
    gamma = np.where(total > 0, order.gammas[before], 1.0)
    return (count - order.discount[np.minimum(count, 3)]) / np.maximum(total, 1) * (total > 0) + gamma * p
