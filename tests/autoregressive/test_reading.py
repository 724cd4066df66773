"""A sentence is read from vectors in two ways, and both are what the model says."""

import pytest
import torch

from genloom.autoregressive.reading import leads, losses, read, said, standing, vectors_for
from genloom.errors import GenloomError
from memorised import SENTENCE, memorised, tokens, untrained

TARGET = tokens(" ".join(SENTENCE))


def test_the_vectors_of_what_stands_before_a_memorised_sentence_say_it() -> None:
    gpt = memorised()
    line = gpt.embed(tokens("\n")[None]).detach()
    assert torch.equal(said(gpt, line, len(TARGET), "continuation")[0], TARGET)
    logits = read(gpt, line, TARGET, "continuation")
    assert torch.equal(logits.argmax(2)[0], TARGET)
    assert (leads(logits, TARGET) > 0).all()
    found = standing(gpt, line, TARGET, "continuation")
    assert (found.ranks == 0).all()
    assert losses(logits, TARGET).item() == pytest.approx(-found.log_probs.mean().item(), abs=1e-5)
    shifted = gpt.embed(torch.cat((tokens("\n"), TARGET[:-1]))[None]).detach()
    assert torch.equal(said(gpt, shifted, len(TARGET), "outputs")[0], TARGET)


def test_what_leads_everywhere_is_what_is_generated() -> None:
    torch.manual_seed(0)
    gpt = untrained()
    vectors = torch.randn(6, 3, 48)
    spoken = said(gpt, vectors, 5, "continuation")
    for row, text in zip(vectors, spoken, strict=True):
        assert (leads(read(gpt, row[None], text, "continuation"), text) > 0).all()
        other = text.clone()
        other[3] = (other[3] + 1) % 30
        assert (leads(read(gpt, row[None], other, "continuation"), other) <= 0).any()


def test_ranks_count_the_tokens_that_are_likelier() -> None:
    torch.manual_seed(0)
    gpt, vectors, target = untrained(), torch.randn(2, 4, 48), tokens("I am a w3")
    found = standing(gpt, vectors, target, "outputs")
    order = gpt(embedded=vectors).argsort(2, descending=True)
    for s in range(2):
        for t in range(4):
            assert order[s, t, found.ranks[s, t]] == target[t]


@pytest.mark.parametrize(("reading", "length", "count", "said_"), [
    ("outputs", 3, 4, "length = 3: must be 4"), ("continuation", -1, 4, "at least 1"),
    ("continuation", 20, 14, "context of 32 tokens"), ("outputs", 0, 33, "context of 32"),
    ("output", 0, 4, "did you mean 'outputs'"), ("outputs", 0, 0, "at least one token")])
def test_what_cannot_be_read(reading: str, length: int, count: int, said_: str) -> None:
    with pytest.raises(GenloomError, match=said_):
        vectors_for(untrained(), torch.zeros(count, dtype=torch.long), reading, length)


def test_lengths_that_can() -> None:
    gpt, target = untrained(), torch.zeros(8, dtype=torch.long)
    assert [vectors_for(gpt, target, "outputs", 0), vectors_for(gpt, target, "continuation", 0),
            vectors_for(gpt, target, "continuation", 25)] == [8, 8, 25]
