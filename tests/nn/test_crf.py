"""The chain's sums over all sequences are those sums, for every length and with anything behind the end."""

from itertools import pairwise, product
from typing import Any

import pytest
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.nn.crf import CRF, places

BATCH, COUNT, TAGS = 3, 5, 4
LENGTHS = torch.tensor([5, 3, 1])


def made(tags: int = TAGS) -> CRF:
    """One in which nothing is at 0."""
    crf, random = CRF(tags).double(), torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random, dtype=torch.float64))
    return crf


def some_scores(count: int = COUNT) -> Tensor:
    return torch.randn(BATCH, count, TAGS, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def by_hand(crf: CRF, scores: Tensor, tags: tuple[int, ...]) -> float:
    total = crf.start[tags[0]] + crf.end[tags[-1]] + sum(scores[n, tag] for n, tag in enumerate(tags))
    return (total + sum(crf.transitions[a, b] for a, b in pairwise(tags))).item()


def enumerated(crf: CRF, scores: Tensor) -> dict[tuple[int, ...], float]:
    """Every sequence and its score, written out."""
    return {tags: by_hand(crf, scores, tags) for tags in product(range(TAGS), repeat=len(scores))}


@pytest.fixture(params=[None, LENGTHS], ids=["whole", "lengths"])
def case(request: pytest.FixtureRequest) -> tuple[CRF, Tensor, Any, list[dict[tuple[int, ...], float]]]:
    crf, scores = made(), some_scores()
    sizes = [COUNT] * BATCH if request.param is None else request.param.tolist()
    return crf, scores, request.param, [enumerated(crf, each[:size]) for each, size in zip(scores, sizes, strict=True)]


def test_the_partition_function_is_the_sum_over_all_sequences(case) -> None:
    crf, scores, lengths, every = case
    known = torch.stack([torch.tensor(list(table.values()), dtype=torch.float64).logsumexp(0) for table in every])
    torch.testing.assert_close(crf.log_partition(scores, lengths), known, rtol=0, atol=1e-12)
    tags = torch.randint(TAGS, (BATCH, COUNT), generator=torch.Generator().manual_seed(4))
    if lengths is not None:
        tags = tags.where(places(scores, lengths), -100)
    rows = [tuple(row[: len(next(iter(table)))].tolist()) for table, row in zip(every, tags, strict=True)]
    own = torch.tensor([table[row] for table, row in zip(every, rows, strict=True)], dtype=torch.float64)
    torch.testing.assert_close(crf.score(scores, tags, lengths), own, rtol=0, atol=1e-12)
    torch.testing.assert_close(crf.log_prob(scores, tags, lengths), own - known, rtol=0, atol=1e-12)


def test_the_best_sequence_is_the_one_of_the_largest_score(case) -> None:
    crf, scores, lengths, every = case
    for found, table in zip(crf.best(scores, lengths).tolist(), every, strict=True):
        known = max(table, key=lambda tags: table[tags])
        assert tuple(found) == known + known[-1:] * (COUNT - len(known))


def test_marginals_are_sums_of_probabilities_and_the_gradient_of_log_z(case) -> None:
    crf, scores, lengths, every = case
    found = crf.marginals(scores, lengths)
    torch.testing.assert_close(found.sum(2), torch.ones(BATCH, COUNT).double(), rtol=0, atol=1e-12)
    at = scores.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(crf.log_partition(at, lengths).sum(), at)
    for row, slope, table in zip(found, gradient, every, strict=True):
        size = len(next(iter(table)))
        chance = torch.tensor(list(table.values()), dtype=torch.float64).softmax(0)
        known = torch.zeros(size, TAGS, dtype=torch.float64)
        for tags, p in zip(table, chance, strict=True):
            known[range(size), tags] += p
        torch.testing.assert_close(row[:size], known, rtol=0, atol=1e-12)
        torch.testing.assert_close(slope[:size], known, rtol=0, atol=1e-12)
        assert (slope[size:] == 0).all()


def test_without_weights_tags_do_not_know_of_one_another() -> None:
    scores = some_scores()
    tags = torch.randint(TAGS, (BATCH, COUNT), generator=torch.Generator().manual_seed(4))
    apart = scores.log_softmax(2).gather(2, tags[..., None]).sum((1, 2))
    crf = CRF(TAGS).double()
    torch.testing.assert_close(crf.log_prob(scores, tags), apart)
    torch.testing.assert_close(crf.marginals(scores), scores.softmax(2))
    assert torch.equal(crf.best(scores), scores.argmax(2))


def test_what_is_forbidden_has_no_probability() -> None:
    crf = made()
    with torch.no_grad():
        crf.transitions[0, 1] = -torch.inf
        crf.start[2] = -torch.inf
    scores = some_scores()
    best = crf.best(scores)
    assert not ((best[:, :-1] == 0) & (best[:, 1:] == 1)).any()
    assert (best[:, 0] != 2).all()
    assert (crf.marginals(scores)[:, 0, 2] == 0).all()
    assert crf.marginals(scores).isfinite().all()
    assert crf.log_prob(scores, torch.tensor([[3, 0, 1, 3, 3]]).expand(BATCH, -1)).eq(-torch.inf).all()
    assert crf.log_partition(scores).isfinite().all()


def test_a_long_chain_of_large_scores_neither_overflows_nor_loses_its_sum() -> None:
    """In float32; without neighbours the sum is known, one softmax for each place."""
    scores = 200 * torch.randn(2, 1000, TAGS, generator=torch.Generator().manual_seed(5))
    crf = CRF(TAGS)
    torch.testing.assert_close(crf.log_partition(scores), scores.logsumexp(2).sum(1), rtol=1e-5, atol=0)
    assert crf.marginals(scores).isfinite().all()


def test_it_learns_which_tags_follow_one_another() -> None:
    """Trained on all sequences of a Markov chain, weighed by their chances, whose words say nothing: p is the chain."""
    start, move = torch.tensor([0.5, 0.5]).double(), torch.tensor([[0.9, 0.1], [0.3, 0.7]]).double()
    every = torch.tensor(list(product(range(2), repeat=5)))
    known = start[every[:, 0]] * move[every[:, :-1], every[:, 1:]].prod(1)
    scores, crf = torch.zeros(len(every), 5, 2).double(), CRF(2).double()
    optimizer = torch.optim.LBFGS(crf.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        found = -known @ crf.log_prob(scores, every)
        found.backward()
        return found

    optimizer.step(loss)
    with torch.no_grad():
        torch.testing.assert_close(crf.log_prob(scores, every).exp(), known, rtol=0, atol=1e-4)


def test_every_weight_is_learned_from() -> None:
    crf = CRF(TAGS).double()
    tags = torch.randint(TAGS, (BATCH, COUNT), generator=torch.Generator().manual_seed(4))
    (-crf.log_prob(some_scores(), tags, LENGTHS).mean()).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in crf.parameters())


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="tags"):
        CRF(0)
    with pytest.raises(InputError, match="scores"):
        CRF(3).log_partition(some_scores())
    for lengths in (torch.tensor([0, 1, 2]), torch.tensor([1, 2, 6]), torch.tensor([3, 3])):
        with pytest.raises(InputError, match="lengths"):
            made().best(some_scores(), lengths)
