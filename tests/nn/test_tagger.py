"""The tagger's scores are told of every word, of nothing behind the end, and normalised over all sequences."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.crf import CRF
from genloom.nn.tagger import Tagger, TaggerShape, log_partition, log_prob

SMALL = TaggerShape(words=7, tags=3, context=6, width=8, blocks=2, heads=2)
WORDS = torch.randint(7, (2, 5), generator=torch.Generator().manual_seed(1))


def made(**changes: Any) -> Tagger:
    torch.manual_seed(0)
    network = Tagger(TaggerShape(**{**vars(SMALL), **changes})).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5)
    return network


def moved(network: Tagger, place: int, lengths: Tensor | None = None) -> Tensor:
    """How much the scores of each place change with the word at one place, (N,)."""
    other = WORDS.clone()
    other[:, place] = (other[:, place] + 1) % 7
    return (network(other, lengths) - network(WORDS, lengths)).abs().amax((0, 2))


def test_every_place_is_told_of_every_word() -> None:
    network = made()
    assert network(WORDS).shape == (2, 5, 3)
    for place in range(5):
        assert (moved(network, place) > 1e-6).all()


def test_without_blocks_a_word_is_told_of_itself_alone_wherever_it_stands() -> None:
    network = made(blocks=0)
    for place in range(5):
        assert (moved(network, place) > 1e-6).tolist() == [k == place for k in range(5)]
    same = network(torch.full((1, 4), 3))
    torch.testing.assert_close(same, same[:, :1].expand(-1, 4, -1))


def test_nobody_looks_behind_the_end() -> None:
    network, lengths = made(), torch.tensor([3, 3])
    assert (moved(network, 4, lengths)[:3] == 0).all()
    torch.testing.assert_close(network(WORDS, lengths)[:, :3], network(WORDS[:, :3]), rtol=0, atol=1e-12)


def test_probabilities_of_all_sequences_sum_to_1() -> None:
    scores = made()(WORDS).detach()
    every = torch.tensor(list(product(range(3), repeat=5)))
    for row in scores:
        logs = log_prob(row.expand(len(every), -1, -1), every)
        assert logs.exp().sum().item() == pytest.approx(1, abs=1e-12)
    products = scores[0].exp()[torch.arange(5), every].prod(1).sum().log()
    torch.testing.assert_close(log_partition(scores)[0], products, rtol=0, atol=1e-12)


def test_it_is_a_chain_without_neighbours_and_the_product_of_softmaxes() -> None:
    scores, tags = made()(WORDS), torch.randint(3, (2, 5), generator=torch.Generator().manual_seed(2))
    lengths = torch.tensor([5, 2])
    for sizes in (None, lengths):
        torch.testing.assert_close(log_prob(scores, tags, sizes), CRF(3).double().log_prob(scores, tags, sizes))
        torch.testing.assert_close(log_partition(scores, sizes), CRF(3).double().log_partition(scores, sizes))
    torch.testing.assert_close(log_prob(scores, tags), scores.log_softmax(2).gather(2, tags[..., None]).sum((1, 2)))


def test_every_weight_is_learned_from() -> None:
    network = made(context=5)
    log_prob(network(WORDS), torch.zeros(2, 5, dtype=torch.long)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_what_does_not_fit_is_refused() -> None:
    for wrong in ({"words": 0}, {"blocks": -1}, {"width": 9}):
        with pytest.raises(InputError, match="network"):
            made(**wrong)
    with pytest.raises(InputError, match="at most 6"):
        made()(torch.zeros(1, 7, dtype=torch.long))
    with pytest.raises(InputError, match="lengths"):
        log_prob(torch.zeros(1, 2, 3), torch.zeros(1, 2, dtype=torch.long), torch.tensor([3]))
