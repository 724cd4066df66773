"""Rows of attention: what sums to 1, what is blind, and where a head looks whose task is known."""

import math
from dataclasses import replace

import pytest
import torch

from genloom.autoregressive.attribution import (
    by_word,
    every_row,
    gradient_times_input,
    habits,
    rollout,
    rows,
    rows_of,
    traced,
)
from genloom.autoregressive.words import words
from genloom.errors import InputError
from genloom.nn.gpt import GPT, GPTShape
from memorised import PIECES, REPEATED, memorised, repeated, tokens, untrained

TEXT = tokens("\nI am a little squirrel holding a walnut")


def test_only_the_weights_sum_to_one() -> None:
    for found in every_row(untrained(), TEXT, 6):
        assert torch.allclose(found.weights.sum(1), torch.ones(4, dtype=torch.float64), atol=1e-6)
        assert found.mean_weights.sum().item() == pytest.approx(1, abs=1e-6)
        assert found.sums.weights == pytest.approx(1, abs=1e-6)
        assert abs(found.sums.scores) < 0.5  # of random weights: nowhere near 1
        assert found.sums.masked == -math.inf
        assert found.sums.seen == pytest.approx(found.scores[:, :7].sum(1).mean().item())


def test_masked_scores_are_the_scores_of_what_was_before() -> None:
    found = rows(untrained(), TEXT, 5, 0)
    assert torch.equal(found.masked[:, :6], found.scores[:, :6])
    assert torch.isinf(found.masked[:, 6:]).all()
    assert torch.isfinite(found.scores).all()
    assert torch.equal(found.weights[:, 6:], torch.zeros(4, len(TEXT) - 6, dtype=torch.float64))


def test_what_comes_after_changes_nothing_but_the_scores_of_what_comes_after() -> None:
    gpt, whole = untrained(), rows(untrained(), TEXT, 5, -1)
    cut = rows(gpt, TEXT[:6], 5, -1)
    assert torch.allclose(whole.scores[:, :6], cut.scores, atol=1e-6)
    assert torch.allclose(whole.weights[:, :6], cut.weights, atol=1e-6)


def test_the_sum_of_scores_can_be_anything_while_the_network_stays_the_same() -> None:
    gpt = untrained()
    before, logits = rows(gpt, TEXT, 5, 1), gpt(TEXT[None])
    attention = gpt.blocks[1].attention
    with torch.no_grad():
        attention.qkv.bias[48:96] += 40 * attention.qkv(torch.ones(48))[:48].sign()  # one vector for every key
    after = rows(gpt, TEXT, 5, 1)
    assert abs(after.sums.seen - before.sums.seen) > 1
    assert torch.allclose(after.weights, before.weights, atol=1e-5)
    assert torch.allclose(gpt(TEXT[None]), logits, atol=1e-4)


def test_the_softmax_of_the_scores_of_words_is_their_weights() -> None:
    pieces = [PIECES[token] for token in TEXT]
    pieces[4], pieces[5] = b" squ", b"irrel"
    found = rows(untrained(), TEXT, 6, 0).by_word(words(pieces))
    assert [word.shown for word in found.words] == ["⏎", "I", "am", "a", "squirrel", "holding"]
    assert torch.allclose(found.scores.softmax(1), found.weights, atol=1e-6)
    assert found.weights.sum(1).tolist() == pytest.approx([1] * 4, abs=1e-6)


def test_what_belongs_to_tokens_is_summed_over_words() -> None:
    found = words([b"I", b" squ", b"irrel", b"."])
    assert by_word(torch.tensor([1.0, 2.0, 3.0, -1.0]), found).tolist() == [1.0, 4.0]


def test_a_word_in_which_the_row_stands_is_seen_up_to_there() -> None:
    whole = rows(untrained(), TEXT, 5, 0)
    pieces = [b" a"] * 5 + [b" squ", b"irr", b"el", b"!"]
    found = whole.by_word(words(pieces))
    assert found.words[-1].last == 8
    assert found.weights[:, -1].tolist() == pytest.approx(whole.weights[:, 5].tolist())


def test_a_copy_is_made_by_looking_at_what_followed_the_first_time() -> None:
    torch.manual_seed(4)
    text = repeated(1)[0]
    place = REPEATED + 2
    first, _ = every_row(memorised(), text, place)
    assert int(first.mean_weights.argmax()) == 3
    found = habits(first, text)
    assert max(each.after_same for each in found) > 0.8
    assert min(each.effective for each in found) < 2.5
    assert all(1 <= each.effective <= place + 1 for each in found)
    assert all(each.before + each.itself + each.after_same <= 1 + 1e-6 for each in found)


def test_the_first_token_looks_at_itself_alone() -> None:
    found = habits(rows(untrained(), TEXT, 0, 0), TEXT)[0]
    assert (found.effective, found.first, found.itself, found.before) == pytest.approx((1, 1, 1, 0), abs=1e-6)


def test_rollout_is_a_distribution_over_what_was_before() -> None:
    trace = traced(untrained(), TEXT)
    row = rollout(trace, 5)
    assert row.sum().item() == pytest.approx(1, abs=1e-6)
    assert (row[6:] == 0).all()
    one = trace._replace(looks=trace.looks[:1])
    weights = trace.looks[0].weights[0].double().mean(0)
    assert torch.allclose(rollout(one, 5), 0.5 * (weights + torch.eye(len(TEXT), dtype=torch.float64))[5])


def test_gradient_times_input_is_the_derivative_along_the_vectors() -> None:
    gpt = untrained().double()
    prefix, target = TEXT[:5], TEXT[5:7]
    found = gradient_times_input(gpt, prefix, target)

    def log_prob(scale: torch.Tensor) -> float:
        vectors = gpt.embed(torch.cat((prefix, target[:-1]))[None])
        vectors = torch.cat((vectors[:, :5] * scale[:, None], vectors[:, 5:]), 1)
        logs = gpt(embedded=vectors)[0, 4:].log_softmax(1)
        return logs.gather(1, target[:, None]).sum().item()

    with torch.no_grad():
        for j in range(5):
            step = torch.zeros(5, dtype=torch.float64)
            step[j] = 1e-5
            slope = (log_prob(1 + step) - log_prob(1 - step)) / 2e-5
            assert found[j].item() == pytest.approx(slope, abs=1e-7)
    assert gpt.token_table.weight.grad is None


def test_nothing_is_dropped_out() -> None:
    gpt = GPT(replace(GPTShape(vocabulary=50, width=8, blocks=1, heads=2), dropout=0.5)).train()
    assert torch.equal(rows(gpt, TEXT, 5, 0).weights, rows(gpt, TEXT, 5, 0).weights)
    assert torch.equal(gradient_times_input(gpt, TEXT[:3], TEXT[3:4]), gradient_times_input(gpt, TEXT[:3], TEXT[3:4]))
    assert gpt.training


@pytest.mark.parametrize(("place", "block"), [(9, 0), (-1, 0), (3, 2), (3, -3)])
def test_places_and_blocks_that_are_not_there(place: int, block: int) -> None:
    with pytest.raises(InputError):
        rows(untrained(), TEXT, place, block)


def test_rows_of_a_trace_have_the_numbers_of_their_blocks() -> None:
    assert [each.block for each in rows_of(traced(untrained(), TEXT), 2)] == [0, 1]
