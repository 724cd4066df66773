"""Scores are products, and InfoNCE is a cross-entropy that never shows more than there is."""

import math

import pytest
import torch
from torch import nn

from genloom.metrics.mutual_information import NormalPairs, shown_information
from genloom.nn.contrastive import Contrastive, info_nce, symmetric_info_nce


def made(*, unit: bool) -> Contrastive:
    torch.manual_seed(0)
    return Contrastive(nn.Linear(3, 5), nn.Linear(4, 5), unit=unit).double()


def pair(count: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return (torch.randn(count, 3, dtype=torch.float64, generator=random),
            torch.randn(count, 4, dtype=torch.float64, generator=random))


def test_scores_are_products_of_unit_vectors() -> None:
    network, (x, y) = made(unit=True), pair()
    u, v = (network.placed(side) for side in (network.left(x), network.right(y)))
    torch.testing.assert_close(u.norm(dim=1), torch.ones(7, dtype=torch.float64))
    torch.testing.assert_close(network(x, y), u @ v.T / 0.07)
    with torch.no_grad():
        network.log_scale.fill_(9.0)
    torch.testing.assert_close(network(x, y), 100 * u @ v.T)


def test_otherwise_they_are_products_as_they_are() -> None:
    network, (x, y) = made(unit=False), pair()
    torch.testing.assert_close(network(x, y), network.left(x) @ network.right(y).T)
    assert network.log_scale is None


@pytest.mark.parametrize("unit", [True, False])
def test_the_gradient_reaches_each_parameter(unit: bool) -> None:
    network = made(unit=unit)
    symmetric_info_nce(network(*pair())).backward()
    found = {name for name, p in network.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    own = {name for name, _ in network.named_parameters()}
    assert found == own or own - found <= {"right.bias"}  # a shift of all candidates may change nothing


def test_the_loss_is_minus_the_log_share_of_the_pair() -> None:
    scores = torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    shares = scores.exp() / scores.exp().sum(1, keepdim=True)
    torch.testing.assert_close(info_nce(scores), -shares.diagonal().log().mean())
    torch.testing.assert_close(symmetric_info_nce(scores), (info_nce(scores) + info_nce(scores.T)) / 2)
    torch.testing.assert_close(info_nce(scores), math.log(6) - shown_information(scores))


def test_no_score_shows_more_than_the_information() -> None:
    """Of pairs with 0.5 nats: the density ratio, the same with wrong constants, and products with random weights."""
    pairs, random = NormalPairs.of_information(0.5, 2), torch.Generator().manual_seed(3)
    x, y = (side.view(400, 32, 2) for side in pairs.draw(12_800, random))
    ratio = torch.stack([pairs.log_ratio(a, b) for a, b in zip(x, y, strict=True)])
    weights = torch.randn(2, 2, dtype=torch.float64, generator=random)
    for scores in (ratio, 2 * ratio, -ratio, 0 * ratio, x @ weights @ y.transpose(1, 2)):
        shown = math.log(32) + torch.stack([-info_nce(each) for each in scores])
        assert float(shown.mean()) <= 0.5 + 4 * float(shown.std()) / 20
