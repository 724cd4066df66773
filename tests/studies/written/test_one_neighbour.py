"""A table of counts: what it predicts is what stood there."""

import pytest
import torch

from genloom.studies.written.one_neighbour import OneNeighbour
from genloom.studies.written.sticky import Sticky


def test_it_takes_the_nearest_visible_token() -> None:
    """Tokens on a line that are 0, 1, 2, … with a random start: a neighbour at any offset tells all."""
    x = (torch.randint(5, (400, 1), generator=torch.Generator().manual_seed(0)) + torch.arange(6)) % 5
    fill = OneNeighbour(x, (1, 6), 5, pseudo=1e-6)
    hidden = torch.tensor([[False, True, True, True, True, True]]).expand(400, 6)
    assert float(fill.loss(x, hidden)[hidden].max()) < 1e-4
    nothing = torch.ones_like(hidden)
    assert torch.equal(fill.loss(x, nothing), fill.alone(x))


def test_nearest_is_by_the_distance_in_the_grid() -> None:
    """In a 3 × 3 grid the middle looks to its row and column before it looks to the corners."""
    fill = OneNeighbour(torch.zeros(4, 9, dtype=torch.int64), (3, 3), 2)
    assert set(fill.order[4, :4].tolist()) == {1, 3, 5, 7}
    assert set(fill.order[4, 4:].tolist()) == {0, 2, 6, 8}
    assert set(fill.order[0, :2].tolist()) == {1, 3}


def test_probabilities_are_the_counted_ones_and_add_up() -> None:
    x = torch.tensor([[0, 1], [0, 1], [0, 0], [1, 1]])
    fill = OneNeighbour(x, (1, 2), 2, pseudo=0.0)
    hidden = torch.tensor([[False, True]])
    loss = [float(fill.loss(torch.tensor([[0, k]]), hidden)[0, 1]) for k in (0, 1)]
    assert loss == pytest.approx([-torch.tensor(1 / 3).log().item(), -torch.tensor(2 / 3).log().item()])
    torch.testing.assert_close(fill.log_p.exp().sum(-1).nan_to_num(1.0), torch.ones(3, 2, dtype=torch.float64))


def test_it_is_never_better_than_the_best_fill_of_a_chain() -> None:
    chain, random = Sticky(0.9), torch.Generator().manual_seed(1)
    x = chain.draw(1500, 20, random)
    fill = OneNeighbour(chain.draw(4000, 20, random), (1, 20), 8)
    for rate in (0.15, 0.75):
        hidden = torch.rand(x.shape, generator=random) < rate
        assert 0 < float((fill.loss(x, hidden) - chain.loss(x, hidden))[hidden].mean()) < 1
