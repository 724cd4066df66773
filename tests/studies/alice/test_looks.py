"""Habits of even attention are known, and accounts are judged by the effects alone."""

import math

import pytest
import torch

from genloom.autoregressive.attribution import AttentionRows
from genloom.studies.alice.looks import ITSELF, LAST, NEAR, _of_block, account, by_chance, change, habit, seen, untaught
from genloom.studies.alice.sentences import prompts


def test_even_attention_is_the_unit_of_all_habits() -> None:
    scores = torch.zeros(3, 9, dtype=torch.float64)
    masked = scores.clone()
    masked[:, 7:] = -torch.inf
    found = _of_block(AttentionRows(0, 6, scores, masked, masked.softmax(1)), torch.arange(9))
    assert (found.spread, found.distance) == pytest.approx((1.0, 1.0))
    assert (found.first, found.itself, found.before, found.even) == pytest.approx((1 / 7,) * 4)


def test_attention_on_one_token_has_no_spread() -> None:
    weights = torch.zeros(2, 5, dtype=torch.float64)
    weights[:, 1] = 1
    found = _of_block(AttentionRows(0, 4, weights, weights, weights), torch.arange(5))
    assert (found.spread, found.first, found.itself) == (0, 0, 0)
    assert found.distance == pytest.approx(3 / 2)


def test_every_sentence_is_looked_at_once(tiny) -> None:
    every = seen(tiny)
    assert len(every) == len(prompts(tiny)) == len(untaught(tiny))
    for each, sentence in zip(every, prompts(tiny), strict=True):
        assert len(each.blocks) == 2
        assert all(len(values) == len(sentence.words) for values in each.accounts.values())
        assert 0 <= each.elsewhere <= 1
        assert each.accounts[LAST].sum().item() == pytest.approx(1, abs=1e-5)
    assert seen(tiny) is every


def test_an_untaught_network_looks_evenly(tiny) -> None:
    assert habit(untaught(tiny), "spread", 1).value == pytest.approx(1, abs=0.01)
    assert math.isfinite(change(tiny, "spread").value)


def test_the_effects_tell_themselves_best(tiny) -> None:
    best = account(tiny, ITSELF)
    assert best.rank.value == pytest.approx(1)
    assert best.top == 1
    for name in (LAST, NEAR):
        assert account(tiny, name).fall.value <= best.fall.value
        assert -1 <= account(tiny, name).rank.value <= 1
    assert by_chance(tiny, lambda effect: 1.0) == 1
