"""Attention starts as the identity, is its formula, and looks at a quarter of the places."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from genloom.nn.gan.attention import Attention


def plain(layer: nn.Module) -> nn.Module:
    return layer


def awake(channels: int = 16) -> Attention:
    torch.manual_seed(0)
    layer = Attention(channels, plain)
    nn.init.constant_(layer.gamma, 0.75)
    return layer.double()


def picture(channels: int = 16, size: int = 6) -> Tensor:
    return torch.randn(2, channels, size, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_it_starts_as_the_identity() -> None:
    x = picture()
    assert torch.equal(Attention(16, plain).double()(x), x)


def test_the_formula() -> None:
    """One place after another, with sums over the largest of each 2 × 2 keys and values."""
    layer, x = awake(), picture()
    query, key, value = (torch.einsum("oi,bihw->bohw", getattr(layer, name).weight[:, :, 0, 0], x)
                         for name in ("query", "key", "value"))
    key, value = (t.unflatten(2, (3, 2)).unflatten(4, (3, 2)).amax((3, 5)).flatten(2) for t in (key, value))
    expected = x.clone()
    for i in range(6):
        for j in range(6):
            weights = torch.einsum("bc,bcm->bm", query[:, :, i, j], key).softmax(1)
            found = torch.einsum("bm,bcm->bc", weights, value)
            expected[:, :, i, j] += 0.75 * found @ layer.out.weight[:, :, 0, 0].T
    torch.testing.assert_close(layer(x), expected, rtol=0, atol=1e-12)


def test_channels_are_those_of_the_source() -> None:
    """Eighths for queries and keys, halves for values, no biases, one γ."""
    layer = Attention(64, plain)
    assert sum(p.numel() for p in layer.parameters()) == 8 * 64 + 8 * 64 + 32 * 64 + 64 * 32 + 1
    assert sum(p.numel() for p in Attention(4, plain).parameters()) == 4 + 4 + 2 * 4 + 4 * 2 + 1


def test_it_commutes_with_moving_whole_pairs_of_places() -> None:
    """Attention knows no places: rolled by the pool's two, a picture gives the rolled answer."""
    layer, x = awake(), picture()
    torch.testing.assert_close(layer(x.roll((2, 4), (2, 3))), layer(x).roll((2, 4), (2, 3)), rtol=0, atol=1e-12)


def test_only_gamma_learns_at_first_and_then_all_of_it() -> None:
    for layer, count in ((Attention(16, plain).double(), 1), (awake(), 5)):
        layer(picture()).square().sum().backward()
        moved = [name for name, p in layer.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
        assert len(moved) == count
        assert "gamma" in moved


def test_it_can_be_differentiated_twice() -> None:
    layer, x = awake(8), picture(8, 4).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: layer(x).square().sum(), x[:1], atol=1e-6)


def test_spectral_normalisation_takes_in_every_matrix() -> None:
    layer = Attention(16, spectral_norm)
    for name in ("query", "key", "value", "out"):
        layer.train()(picture().float())
        weight = getattr(layer.eval(), name).weight.flatten(1)
        assert 0.97 < torch.linalg.matrix_norm(weight, 2).item() < 1.03
