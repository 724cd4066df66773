import math

import pytest
import torch
from gpt_tiny import tiny_gpt

from genloom.autoregressive.choice import Choice
from genloom.autoregressive.generation import decoding_threads, generate, window_start
from genloom.errors import InputError

PROMPT = torch.tensor([[1, 2, 3], [4, 5, 6], [1, 2, 3]])


def steps(gpt, prompt=PROMPT, **how):
    found = list(generate(gpt, prompt, **{"count": 20, "seed": 5, **how}))
    return tuple(torch.stack(part, 1) for part in zip(*found, strict=True))


@pytest.mark.parametrize("past", ["slide", "halve"])
@pytest.mark.parametrize("positions", ["learned", "rotary"])
@pytest.mark.parametrize("context", [8, 7, 1])
@pytest.mark.parametrize("length", [1, 3, 8, 12])
def test_cached_and_uncached_are_equal(past, positions, context, length):
    gpt = tiny_gpt(context=context, positions=positions)
    prompt = torch.randint(11, (3, length), generator=torch.Generator().manual_seed(0))
    cached, plain = (steps(gpt, prompt, past=past, cached=cached) for cached in (True, False))
    assert torch.equal(cached[0], plain[0])
    for mine, theirs in zip(cached[1:], plain[1:], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("past", ["slide", "halve"])
def test_log_probs_are_the_model_s_own_in_the_window_that_is_seen(past):
    gpt, choice = tiny_gpt(), Choice(temperature=0.5, top_k=4, repetition=1.2)
    tokens, log_probs, chosen = steps(gpt, past=past, choice=choice)
    whole = torch.cat([PROMPT, tokens], 1)
    for place in range(3, 23):
        start = window_start(place, 8, past)
        logits = gpt(whole[:, start:place]).detach()[:, -1]
        target = whole[:, place, None]
        torch.testing.assert_close(log_probs[:, place - 3], logits.log_softmax(-1).gather(1, target)[:, 0])
        seen = torch.zeros(3, 11, dtype=torch.bool).scatter_(1, whole[:, :place], True)
        torch.testing.assert_close(chosen[:, place - 3], choice.adjusted(logits, seen).gather(1, target)[:, 0])


def test_a_text_depends_on_its_seed_and_number_and_not_on_its_batch():
    gpt = tiny_gpt()
    tokens = steps(gpt)[0]
    assert torch.equal(tokens, steps(gpt)[0])
    assert not torch.equal(tokens, steps(gpt, seed=6)[0])
    assert not torch.equal(tokens[0], tokens[2]), "the same prompt, another number"
    for i in range(3):
        assert torch.equal(tokens[i], steps(gpt, PROMPT[i : i + 1], first=i)[0][0])
    assert torch.equal(tokens[:, :9], steps(gpt, count=9)[0]), "and not on how much is generated"


def test_greedy_takes_the_likeliest_token():
    gpt = tiny_gpt()
    tokens, _, chosen = steps(gpt, count=5, choice=Choice(temperature=0.0))
    text = PROMPT
    for i in range(5):
        best = gpt(text).detach()[:, -1].argmax(-1)
        assert torch.equal(tokens[:, i], best)
        text = torch.cat([text, best[:, None]], 1)
    assert (chosen == 0).all()


def test_texts_are_as_frequent_as_they_are_probable():
    gpt = tiny_gpt(vocabulary=3)
    prompt = torch.zeros(4000, 1, dtype=torch.int64)
    tokens, log_probs, _ = steps(gpt, prompt, count=2)
    for a in range(3):
        for b in range(3):
            same = (tokens == torch.tensor([a, b])).all(1)
            if same.any():
                p = log_probs[same].sum(1).exp()[0].item()
                assert abs(same.float().mean().item() - p) < 4.5 * math.sqrt(p * (1 - p) / 4000)


def test_refuse_says_so_before_anything_is_generated():
    gpt = tiny_gpt()
    assert len(steps(gpt, past="refuse", count=6)[0][0]) == 6
    complaint = r"3 tokens and 7 more, beyond the context of 8; pass --past slide, or --tokens 6"
    with pytest.raises(InputError, match=complaint):
        generate(gpt, PROMPT, count=7, past="refuse")


@pytest.mark.parametrize(("change", "complaint"), [
    ({"count": 0}, "tokens = 0"), ({"past": "forget"}, "one of refuse, slide, halve"),
    ({"prompt": torch.zeros(1, 0, dtype=torch.int64)}, "at least one token"),
    ({"gpt": tiny_gpt().train()}, "evaluation mode")])
def test_what_cannot_be_generated_is_refused(change, complaint):
    given = {"gpt": tiny_gpt(), "prompt": PROMPT, "count": 3} | change
    with pytest.raises(InputError, match=complaint):
        generate(given.pop("gpt"), given.pop("prompt"), **given)


def test_small_networks_decode_on_one_thread():
    assert decoding_threads(tiny_gpt(), 1) == 1
    assert decoding_threads(tiny_gpt(), 1 << 20) == torch.get_num_threads()
