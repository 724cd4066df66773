"""Equalised weights have their scale, pixel norm has unit mean square, variation tells apart what has none."""

import math

import pytest
import torch
from torch import Tensor, nn

from genloom.nn.gan.progressive_parts import equalised, pixel_norm, with_variation


def drawn(*size: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(*size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("gain", [1.0, math.sqrt(2)])
def test_weights_are_scaled_by_the_fan_in(gain: float) -> None:
    """What is trained is standard normal whatever the layer; what is used has the standard deviation gain / √fan-in."""
    torch.manual_seed(0)
    for layer, fan_in in ((nn.Linear(300, 200), 300), (nn.Conv2d(48, 64, 3), 48 * 9)):
        trained, used = equalised(layer, gain).parametrizations.weight.original, layer.weight
        assert trained.std().item() == pytest.approx(1, abs=0.02)
        torch.testing.assert_close(used, trained * gain / math.sqrt(fan_in))
        assert layer.bias is not None
        assert layer.bias.eq(0).all()


def test_a_step_of_the_trained_weights_moves_all_layers_alike() -> None:
    """Adam's first step is ±lr in each trained weight: relative to its spread, ±lr in each used weight of any layer."""
    moved = []
    for width in (4, 400):
        torch.manual_seed(0)
        layer = equalised(nn.Linear(width, 50))
        before = layer.weight.detach().clone()
        optimizer = torch.optim.Adam(layer.parameters(), lr=1e-3)
        layer(torch.randn(8, width)).square().sum().backward()
        optimizer.step()
        moved.append(((layer.weight - before).abs().mean() * math.sqrt(width / 2)).item())
    assert moved == pytest.approx([1e-3, 1e-3], rel=1e-3)


def test_activations_keep_their_size_through_any_depth() -> None:
    """With a gain of √2 and ReLU the mean square stays what it was; eight layers."""
    torch.manual_seed(0)
    h = torch.randn(64, 256)
    for _ in range(8):
        h = equalised(nn.Linear(256, 256))(h).relu()
    assert 0.5 < h.square().mean().item() < 2


@pytest.mark.parametrize("size", [(5, 7), (5, 7, 3, 3)])
@pytest.mark.parametrize("scale", [0.1, 1, 1000])
def test_pixel_norm_gives_every_place_unit_mean_square(size: tuple[int, ...], scale: float) -> None:
    x = drawn(*size, scale=scale)
    normed = pixel_norm(x)
    assert (normed.square().mean(1) - 1).abs().max() < 1e-7 / scale**2
    torch.testing.assert_close(normed / x, (normed / x)[:, :1].expand_as(x))  # one factor for all channels


def test_pixel_norm_of_zero_is_zero_and_has_a_gradient() -> None:
    x = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    pixel_norm(x).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_pixel_norm_keeps_a_half_precision_and_computes_its_mean_in_full() -> None:
    x = drawn(2, 300, 2, 2, scale=3).bfloat16()
    assert pixel_norm(x).dtype == torch.bfloat16
    assert pixel_norm(x).float().square().mean(1).sub(1).abs().max() < 0.01


def test_variation_is_a_mean_standard_deviation_over_four() -> None:
    x = drawn(8, 3, 2, 2)
    seen = with_variation(x)
    assert seen.shape == (8, 4, 2, 2)
    assert torch.equal(seen[:, :3], x)
    for group in (slice(0, 4), slice(4, 8)):
        torch.testing.assert_close(seen[group, 3], x[group].std(0, correction=0).mean().expand(4, 2, 2))


def test_other_batches_are_one_group() -> None:
    x = drawn(6, 3, 2, 2)
    torch.testing.assert_close(with_variation(x)[:, 3], x.std(0, correction=0).mean().expand(6, 2, 2))


def test_groups_know_nothing_of_one_another() -> None:
    """So that two processes with half of the batch each compute what one computes."""
    x = drawn(8, 3, 2, 2)
    assert torch.equal(with_variation(x), torch.cat((with_variation(x[:4]), with_variation(x[4:]))))


def test_samples_without_variety_have_none_and_a_finite_gradient() -> None:
    x = drawn(1, 3, 2, 2).expand(4, -1, -1, -1).clone().requires_grad_()
    seen = with_variation(x)
    assert seen[:, 3].max().item() == pytest.approx(1e-4)
    seen.sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_variation_grows_with_the_scale_and_not_with_a_shift() -> None:
    x = drawn(4, 3, 2, 2)
    once = with_variation(x)[0, 3, 0, 0].item()
    assert with_variation(10 * x)[0, 3, 0, 0].item() == pytest.approx(10 * once, rel=1e-6)
    assert with_variation(x + 5)[0, 3, 0, 0].item() == pytest.approx(once, rel=1e-9)
