"""A prompt is found where one exists, and a failure says which token stood how badly."""

import pytest
import torch

from genloom.autoregressive.discrete import search
from genloom.errors import InputError
from memorised import SENTENCE, memorised, tokens, untrained

KNOWN = tokens(" ".join(SENTENCE))


def test_the_prompt_of_a_memorised_sentence_is_found() -> None:
    found = search(memorised(), KNOWN, length=3, steps=60, top=16, batch=64)
    assert found.exact
    assert found.steps is not None
    assert torch.equal(found.spoken, KNOWN)
    assert (found.ranks == 0).all()
    assert found.worst[-1] == 0
    assert len(found.curve) == found.steps + 1
    assert found.curve[-1].item() == pytest.approx(-found.log_probs.mean().item(), abs=1e-4)


def test_every_prompt_differs_from_the_one_before_in_one_token_at_most() -> None:
    gpt = untrained()
    start = tokens("a a a")
    for steps in (1, 2):
        found = search(gpt, KNOWN, length=3, steps=steps, start=start)
        assert (found.tokens != start).sum() <= steps
        assert found.curve.min().item() == pytest.approx(-found.log_probs.mean().item(), abs=1e-4)


def test_all_exchanges_are_tried_where_there_are_few() -> None:
    """With one place and every token in the draw, one step is an exhaustive search."""
    gpt, count = untrained(), len(tokens("I am"))
    found = search(gpt, tokens("I am"), length=1, steps=1, top=99, batch=2000, start=tokens("w3"))
    every = [search(gpt, tokens("I am"), length=1, steps=0, start=torch.tensor([k])).curve[0].item()
             for k in range(gpt.shape.vocabulary)]
    assert found.curve[1].item() == pytest.approx(min(every), abs=1e-5)
    assert count == 2


def test_a_failure_says_how_badly_it_stands() -> None:
    found = search(untrained(), KNOWN, length=2, steps=3, batch=8)
    assert not found.exact
    assert found.steps is None
    assert found.ranks.max() > 0
    assert found.worst.shape == found.curve.shape == (4,)
    assert 0 <= found.copied <= 1


def test_tokens_that_are_not_allowed_do_not_occur() -> None:
    gpt = untrained()
    allowed = torch.zeros(gpt.shape.vocabulary, dtype=torch.bool)
    allowed[[20, 21, 22]] = True
    found = search(gpt, KNOWN, length=4, steps=5, top=64, batch=16, allowed=allowed)
    assert set(found.tokens.tolist()) <= {20, 21, 22}
    with pytest.raises(InputError, match="at least one token"):
        search(gpt, KNOWN, allowed=torch.zeros_like(allowed))
    with pytest.raises(InputError, match="start"):
        search(gpt, KNOWN, length=3, start=tokens("a a"))


def test_draws_depend_on_seed_and_number() -> None:
    gpt = untrained()
    a, b, c, d = (search(gpt, KNOWN, length=4, steps=2, batch=8, seed=s, number=n).tokens
                  for s, n in ((0, 0), (0, 0), (0, 1), (1, 0)))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert not torch.equal(a, d)


def test_both_readings() -> None:
    gpt = memorised()
    found = search(gpt, KNOWN, reading="outputs", steps=0, start=torch.cat((tokens("\n"), KNOWN[:-1])))
    assert found.exact
    assert found.steps == 0
