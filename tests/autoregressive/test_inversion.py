"""Vectors behind a sentence: found for every start, confirmed by generation, and near no token."""

import pytest
import torch
from torch import Tensor

from genloom.autoregressive.inversion import invert, nearest, table_scale
from genloom.autoregressive.reading import Reading, said
from memorised import SENTENCE, memorised, tokens, untrained

STRANGE = tokens("walnut a paw my w3 I w3 today")


REPEATABLE = tokens("w3 w9 w1 w20 w5 w11")


@pytest.mark.parametrize(("reading", "target"), [("outputs", STRANGE), ("continuation", REPEATABLE)])
def test_every_start_ends_in_a_sentence_that_nobody_says(reading: Reading, target: Tensor) -> None:
    """At its own output a vector can say any token; a model that repeats can be made to repeat anything."""
    gpt = memorised()
    found = invert(gpt, target, reading=reading, count=4)
    assert found.exact.all()
    assert torch.equal(said(gpt, found.vectors, len(target), reading), target.expand(4, -1))
    assert (found.ranks == 0).all()
    for k, at in enumerate(found.steps):
        assert at is not None
        assert torch.isfinite(found.curve[: at + 1, k]).all()
        assert torch.isnan(found.curve[at + 1 :, k]).all()
        assert found.curve[at, k] < found.curve[0, k]
        assert found.curve[at, k].item() == pytest.approx(-found.log_probs[k].mean().item(), abs=1e-4)


def test_a_sentence_known_by_heart_takes_one_vector_and_fewer_steps() -> None:
    gpt = memorised()
    known = invert(gpt, tokens(" ".join(SENTENCE)), length=1, count=4, steps=300)
    assert known.exact.all()
    assert known.vectors.shape == (4, 1, 48)
    strange = invert(gpt, STRANGE, length=1, count=4, steps=60)
    assert max(at or 0 for at in known.steps) < 60
    assert not strange.exact.all()
    assert [at is None for at in strange.steps] == (~strange.exact).tolist()
    assert (strange.ranks[~strange.exact].amax(1) > 0).all()


def test_the_model_is_left_as_it_was() -> None:
    gpt = untrained().train()
    before = {name: value.clone() for name, value in gpt.state_dict().items()}
    invert(gpt, STRANGE, count=2, steps=3)
    assert gpt.training
    assert all(torch.equal(value, before[name]) for name, value in gpt.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in gpt.parameters())


def test_a_start_is_a_function_of_the_seed() -> None:
    gpt = untrained()
    one, two, other = (invert(gpt, STRANGE, count=count, seed=seed, steps=5)
                       for count, seed in ((3, 1), (2, 1), (2, 2)))
    assert torch.allclose(one.vectors[:2], two.vectors, atol=1e-5)
    assert not torch.allclose(two.vectors, other.vectors, atol=1e-3)


def test_starts_have_the_mean_and_spread_of_the_tokens_vectors() -> None:
    gpt = untrained()
    with torch.no_grad():
        gpt.token_table.weight.mul_(3).add_(0.5)
    start = invert(gpt, STRANGE, count=40, steps=0).vectors
    assert start.mean().item() == pytest.approx(0.5, abs=0.01)
    assert start.std().item() == pytest.approx(gpt.token_table.weight.std(0).mean().item(), rel=0.05)


def test_the_nearest_token_of_a_tokens_vector_is_itself() -> None:
    gpt = memorised()
    vectors = gpt.embed(STRANGE[None]).detach()
    found = nearest(gpt, vectors)
    assert torch.equal(found.tokens[0], STRANGE)
    assert found.distances.max() < 1e-2
    assert torch.allclose(found.norms, vectors.double().norm(dim=2), atol=1e-5)
    away = nearest(gpt, vectors + 5 * table_scale(gpt).norm / 48**0.5)
    assert away.distances.min() > table_scale(gpt).spacing


def test_the_spacing_of_a_lattice_is_known() -> None:
    gpt = untrained()
    with torch.no_grad():
        gpt.token_table.weight.zero_()
        gpt.token_table.weight[:, 0] = 2.0 * torch.arange(gpt.shape.vocabulary)
    assert table_scale(gpt).spacing == pytest.approx(2, abs=1e-3)
    assert table_scale(gpt).norm == pytest.approx(2 * (gpt.shape.vocabulary // 2), abs=2)
