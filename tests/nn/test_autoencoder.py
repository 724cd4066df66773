"""The autoencoder halves and doubles as it says, keeps pictures apart, and can learn the identity."""

from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.autoencoder import AutoencoderShape, KLAutoencoder, reparameterise

SIZES: dict[str, Any] = {"size": 8, "channels": 3, "width": 8, "multipliers": (1, 2), "blocks": 2, "latent_channels": 2}


def made(**sizes: Any) -> KLAutoencoder:
    """An autoencoder in which no layer is at 0."""
    torch.manual_seed(0)
    network = KLAutoencoder(AutoencoderShape(**{**SIZES, **sizes})).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.15)
    return network


def inputs(count: int = 3) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(1)
    x = torch.rand(count, 3, 8, 8, generator=random, dtype=torch.float64) * 2 - 1
    return x, torch.randn(count, 2, 4, 4, generator=random, dtype=torch.float64)


@pytest.mark.parametrize(("sizes", "latent"), [
    ({}, (2, 4, 4)), ({"multipliers": (1,)}, (2, 8, 8)), ({"multipliers": (1, 1, 2), "blocks": 1}, (2, 2, 2)),
    ({"latent_channels": 5}, (5, 4, 4)),
])
def test_the_code_is_smaller_by_the_factor(sizes: dict[str, Any], latent: tuple[int, int, int]) -> None:
    network, (x, _) = made(**sizes), inputs()
    coded = network.encode(x)
    assert network.shape.latent == latent == coded.mean.shape[1:] == coded.log_variance.shape[1:]
    assert network.decode(coded.mean).shape == x.shape


def test_forward_is_encode_draw_decode() -> None:
    network, (x, eps) = made(), inputs()
    found, coded = network(x, eps)
    assert torch.equal(coded.mean, network.encode(x).mean)
    expected = network.decode(coded.mean + coded.log_variance.exp().sqrt() * eps)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_a_draw_has_the_mean_and_the_variance_that_were_asked_for() -> None:
    """With n = 20000, five standard errors: 5 σ/√n of the mean and 5 σ²√(2/n) of the variance."""
    eps = torch.randn(20_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    draws = reparameterise(torch.tensor(3.0), torch.tensor(0.25).double().log(), eps)
    assert abs(draws.mean().item() - 3) < 5 * 0.5 / 20_000**0.5
    assert abs(draws.var().item() - 0.25) < 5 * 0.25 * (2 / 20_000) ** 0.5


def test_gradients_of_a_draw_are_one_and_half_of_sigma_eps() -> None:
    mean, log_variance = torch.tensor(0.3, requires_grad=True), torch.tensor(-1.2, requires_grad=True)
    reparameterise(mean, log_variance, torch.tensor(0.7)).backward()
    assert mean.grad is not None
    assert log_variance.grad is not None
    assert mean.grad.item() == 1
    assert log_variance.grad.item() == pytest.approx(0.5 * 0.7 * torch.tensor(-0.6).exp().item())


def test_the_log_variance_is_clamped() -> None:
    network, (x, _) = made(), inputs()
    last = network.encoder[-1]
    assert isinstance(last, nn.Conv2d)
    assert last.bias is not None
    nn.init.constant_(last.bias, 1000)
    assert (network.encode(x).log_variance == 20).all()
    nn.init.constant_(last.bias, -1000)
    assert (network.encode(x).log_variance == -30).all()


def test_a_picture_does_not_depend_on_the_others() -> None:
    network, (x, eps) = made(), inputs()
    torch.testing.assert_close(network(x[1:2], eps[1:2])[0], network(x, eps)[0][1:2], rtol=0, atol=1e-12)


def test_the_gradient_reaches_each_parameter() -> None:
    network, (x, eps) = made(), inputs()
    found, coded = network(x, eps)
    (found.square().sum() + coded.mean.sum()).backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_saving_and_loading_keep_the_function() -> None:
    network, (x, eps) = made(), inputs()
    other = KLAutoencoder(network.shape).double()
    other.load_state_dict(load(save(network.state_dict())))
    assert torch.equal(other(x, eps)[0], network(x, eps)[0])


def test_it_learns_to_give_back_what_it_was_given() -> None:
    """Sixty steps on sixteen smooth pictures leave less than a fifth of their variance."""
    random = torch.Generator().manual_seed(0)
    x = nn.functional.interpolate(torch.rand(16, 3, 3, 3, generator=random) * 2 - 1, (8, 8), mode="bilinear")
    torch.manual_seed(0)
    network = KLAutoencoder(AutoencoderShape(**{**SIZES, "latent_channels": 4}))
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(60):
        loss = (network(x, torch.zeros(16, 4, 4, 4))[0] - x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.2 * x.var().item()


def test_pictures_and_codes_of_another_shape_are_refused() -> None:
    network = made()
    with pytest.raises(InputError, match=r"pictures = \(2, 3, 10, 10\): must be of shape \(B, 3, 8, 8\)"):
        network.encode(torch.zeros(2, 3, 10, 10).double())
    with pytest.raises(InputError, match=r"codes = \(2, 4, 4\): must be of shape \(B, 2, 4, 4\)"):
        network.decode(torch.zeros(2, 4, 4).double())


@pytest.mark.parametrize(("wrong", "message"), [
    ({"size": 9}, "data.size = 9: must be a multiple of 2"), ({"size": 1}, "data.size = 1"),
    ({"multipliers": ()}, r"network.multipliers = \(\)"), ({"blocks": 0}, "network.blocks = 0"),
    ({"latent_channels": 0}, "network.latent_channels = 0"), ({"width": 0}, "network.width = 0"),
])
def test_shapes_that_cannot_be_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        AutoencoderShape(**{**SIZES, **wrong})
