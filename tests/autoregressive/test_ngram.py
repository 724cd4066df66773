import math
import time
from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genloom.autoregressive.ngram import KneserNey, best_order
from genloom.data.text.corpus import read_corpus
from genloom.data.text.split import split
from genloom.errors import DataError, InputError
from genloom.metrics.bits_per_byte import bits_per_byte

V = 5
STRETCHES = st.lists(st.lists(st.integers(0, V - 1), max_size=30), min_size=1, max_size=4).filter(any)


class Definition:
    """Modified Kneser–Ney from its equations, with dictionaries, one probability at a time."""

    def __init__(self, order: int, stretches: list[list[int]]) -> None:
        grams = [Counter[tuple[int, ...]]() for _ in range(order + 1)]
        left = [defaultdict[tuple[int, ...], set[int]](set) for _ in range(order + 1)]
        for stretch in stretches:
            text = (V, *stretch)
            for n in range(1, order + 1):
                for k in range(len(text) - n + 1):
                    grams[n][text[k : k + n]] += 1
                    if k > 0:
                        left[n][text[k : k + n]].add(text[k - 1])
        self.order = order
        self.counts = [{gram: count if n == order or gram[0] == V else len(left[n][gram])
                        for gram, count in grams[n].items() if gram[-1] != V} for n in range(order + 1)]
        self.discount = [self._discounts(list(counts.values())) for counts in self.counts]
        self.p = cache(self._p)

    @staticmethod
    def _discounts(counts: list[int]) -> list[float]:
        n = Counter(counts)
        if not all(n[k] for k in (1, 2, 3, 4)):
            return [0, 0.5, 1, 1.5]
        y = n[1] / (n[1] + 2 * n[2])
        found = [k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)]
        return [0, *(found if min(found) > 0 else (0.5, 1.0, 1.5))]

    def _p(self, history: tuple[int, ...], w: int, n: int) -> float:
        if n == 0:
            return 1 / V
        if n - 1 > len(history):
            return self._p(history, w, n - 1)
        h = history[len(history) - n + 1 :]
        after = [self.counts[n].get((*h, each), 0) for each in range(V)]
        if not sum(after):
            return self._p(history, w, n - 1)
        d = [self.discount[n][min(count, 3)] for count in after]
        return (after[w] - d[w]) / sum(after) + sum(d) / sum(after) * self._p(history, w, n - 1)


@settings(max_examples=60, deadline=None)
@given(STRETCHES, st.lists(st.integers(0, V - 1), min_size=1, max_size=10), st.integers(1, 4))
def test_probabilities_are_those_of_the_equations(train: list[list[int]], held: list[int], order: int) -> None:
    model = KneserNey(order, V).fit([np.array(each, np.uint8) for each in train])
    wanted, text = Definition(order, train), (V, *held)
    found = np.exp(model.log_prob(np.array(held)))
    assert found.tolist() == pytest.approx(
        [wanted.p(text[: k + 1], held[k], order) for k in range(len(held))], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(STRETCHES, st.lists(st.integers(0, V - 1), max_size=8), st.integers(1, 5))
def test_they_sum_to_1_after_any_context(train: list[list[int]], context: list[int], order: int) -> None:
    model = KneserNey(order, V).fit([np.array(each, np.uint8) for each in train])
    p = model.distribution(np.array(context, np.uint8))
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert (p > 0).all()
    each = [math.exp(model.log_prob(np.array([*context, w]))[-1]) for w in range(V)]
    assert p.tolist() == pytest.approx(each, abs=1e-14)


def test_a_chain_is_learned_up_to_its_entropy() -> None:
    """A Markov chain of order 1 needs H(next | last) bits: order 2 finds it, and validation says so."""
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(8), 8)
    state, text = 0, []
    for draw in rng.random(60_000):
        state = min(int(np.searchsorted(rows[state].cumsum(), draw)), 7)
        text.append(state)
    held, train = np.array(text[-10_000:]), np.array(text[:-10_000])
    truth = -np.log(rows[held[:-1], held[1:]]).mean()
    chosen = best_order([train], [held[:5000]], 8)
    assert chosen.model.order == 2
    assert list(chosen.nats) == [1, 2, 3]
    assert -chosen.model.log_prob(held)[1:].mean() == pytest.approx(truth, abs=0.002)  # 50,000 symbols, 64 numbers


def test_stretches_are_not_joined() -> None:
    parts = [np.array([0, 1] * 20), np.array([2, 3] * 20)]
    model = KneserNey(2, V).fit(parts)
    assert model.distribution(np.array([0, 1]))[2] < KneserNey(2, V).fit([np.concatenate(parts)]).distribution(
        np.array([0, 1]))[2]


def test_tokens_of_large_vocabularies_do_not_collide() -> None:
    text = np.array([50_000, 7, 50_256, 50_000, 7, 50_256, 1], np.uint32)
    p = KneserNey(6, 50_257).fit([text]).distribution(np.array([50_000, 7], np.uint32))
    assert p.argmax() == 50_256
    assert p.sum() == pytest.approx(1, abs=1e-9)


def test_what_cannot_be_used_is_named() -> None:
    for order in (0, 33):
        with pytest.raises(InputError, match=f"^order = {order}"):
            KneserNey(order, 5)
    with pytest.raises(InputError, match=r"^vocabulary = 0"):
        KneserNey(1, 0)
    with pytest.raises(InputError, match="a row of symbols 0 to 4"):
        KneserNey(1, 5).fit([np.array([5])])
    with pytest.raises(InputError, match="a row of symbols 0 to 4"):
        KneserNey(1, 5).fit([np.array([1])]).log_prob(np.array([-1]))
    with pytest.raises(DataError, match="training text of the n-gram model is empty"):
        KneserNey(1, 5).fit([])
    with pytest.raises(DataError, match="no validation text"):
        best_order([np.array([1])], [], 5)
    with pytest.raises(InputError, match=r"^orders = "):
        best_order([np.array([1])], [np.array([1])], 5, [])


def test_nothing_is_impossible_where_a_discount_would_be_nothing() -> None:
    """Counts 1, 2 and 3 such that D_2 = 2 − 3 Y n_3/n_2 < 0."""
    counts = [1, 1, 2, *[3] * 9, 4]
    text = np.array([symbol for symbol, count in enumerate(counts) for _ in range(count)])
    model = KneserNey(1, len(counts) + 1).fit([text])
    p = model.distribution(np.array([], np.int64))
    assert p.min() > 0
    assert p.sum() == pytest.approx(1)


@pytest.mark.real_data
def test_alice_at_order_8_takes_seconds() -> None:
    of = read_corpus("alice")
    train, valid, test = ([np.frombuffer(of.documents[0].read(*span[1:]), np.uint8) for span in part]
                          for part in split(of))
    start = time.process_time()
    model = KneserNey(8, 256).fit(train)
    nats = -sum(float(model.log_prob(stretch).sum()) for stretch in test)
    assert time.process_time() - start < 10
    assert bits_per_byte(nats, sum(map(len, test))) == pytest.approx(1.94, abs=0.02)
    assert best_order(train, valid, 256, range(1, 9)).model.order == 8
