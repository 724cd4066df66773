import math

import pytest
import torch
from gpt_tiny import tiny_gpt

from genloom.autoregressive.characters import Characters
from genloom.autoregressive.scoring import held_out, score, strided
from genloom.autoregressive.token_file import from_sequences
from genloom.autoregressive.windows import FixedWindows
from genloom.errors import InputError

TEXT = torch.randint(11, (30,), generator=torch.Generator().manual_seed(3))


def test_a_text_within_the_context_is_one_pass():
    gpt = tiny_gpt()
    found = score(gpt, TEXT[:8], [4])
    logits = gpt(torch.tensor([[4, *TEXT[:7].tolist()]])).detach()[0].double()
    expected = logits.log_softmax(-1).gather(1, TEXT[:8, None])[:, 0]
    torch.testing.assert_close(found.log_probs, expected)
    assert found.total == pytest.approx(expected.sum().item())
    assert found.perplexity == pytest.approx(math.exp(-expected.mean().item()))
    assert found.ranks.tolist() == [int((row > row[t]).sum()) for row, t in zip(logits, TEXT[:8], strict=True)]


@pytest.mark.parametrize("length", [2, 8, 20])
def test_what_stands_before_is_seen_and_not_counted(length):
    gpt = tiny_gpt()
    whole = score(gpt, TEXT[1:], TEXT[:1].tolist()).log_probs
    part = score(gpt, TEXT[length:], TEXT[:length].tolist())
    assert len(part.log_probs) == len(part.ranks) == len(part.tokens) == 30 - length
    torch.testing.assert_close(part.log_probs, whole[length - 1 :])


def test_probabilities_of_all_texts_sum_to_one():
    gpt = tiny_gpt(vocabulary=3)
    texts = [[a, b, c] for a in range(3) for b in range(3) for c in range(3)]
    assert sum(math.exp(score(gpt, text, [1]).total) for text in texts) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("stride", [1, 3, 4, 8, 20])
def test_a_longer_text_is_predicted_from_enough_before_it(stride):
    gpt = tiny_gpt()
    found, whole = score(gpt, TEXT, [4], stride=stride).log_probs, torch.cat([torch.tensor([4]), TEXT])
    for begin, end, new in strided(30, 8, stride):
        assert end - begin <= 8
        assert new == 0 or new - begin >= 8 - min(stride, 8)
        logits = gpt(whole[None, begin:end]).detach()[0].double().log_softmax(-1)
        for place in range(new, end):
            assert found[place].item() == pytest.approx(logits[place - begin, whole[place + 1]].item(), abs=1e-5)


@pytest.mark.parametrize("length", [1, 7, 8, 9, 31])
@pytest.mark.parametrize("stride", [0, 1, 5, 8, 100])
def test_windows_count_each_token_once(length, stride):
    found = list(strided(length, 8, stride))
    assert [place for _, end, new in found for place in range(new, end)] == list(range(length))


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(InputError, match="stride = -1: must be at least 1"):
        score(tiny_gpt(), TEXT, [4], stride=-1)
    for tokens, before in (([], [0]), ([1], [])):
        with pytest.raises(InputError, match="at least one token"):
            score(tiny_gpt(), tokens, before)
    held = FixedWindows(from_sequences([[1, 2, 3]], Characters("")), 8)
    for call in (lambda gpt: score(gpt, [1], [0]), lambda gpt: held_out(gpt, held)):
        with pytest.raises(InputError, match="evaluation mode"):
            call(tiny_gpt().train())


@pytest.mark.parametrize("stride", [0, 1, 3, 8])
def test_held_out_text_costs_what_its_tokens_cost_in_their_windows(stride):
    gpt, tokenizer = tiny_gpt(vocabulary=257), Characters("")
    held = from_sequences([tokenizer.encode("a mouse and a cat"), tokenizer.encode("a")], tokenizer)
    found = held_out(gpt, FixedWindows(held, 8, stride, batch=3))
    whole, expected = torch.tensor(held.ids[:17].astype("int64")), 0.0
    for place in range(1, 17):
        wanted = 0 if place <= 8 else -(-(place - 8) // (stride or 8)) * (stride or 8)
        start = min(wanted, 17 - 9)  # the last window is moved back to be full
        logits = gpt(whole[None, start:place]).detach()[0, -1].double()
        expected -= logits.log_softmax(-1)[whole[place]].item()
    assert found.nats == pytest.approx(expected, rel=1e-5)
    assert (found.tokens, found.bytes) == (16, 16)
    assert found.loss == pytest.approx(found.nats / 16)
