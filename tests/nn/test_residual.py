"""Residual blocks are their formula, start as the identity, and change sizes exactly."""

from typing import cast

import pytest
import torch
from torch.nn import functional as F

from genloom.nn.layout import double
from genloom.nn.residual import Change, Downsample, ResidualBlock, Upsample, halve


def _awake(block: ResidualBlock) -> ResidualBlock:
    torch.nn.init.normal_(block.conv_2.weight, std=0.1)
    return block.double()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_halving_and_doubling(layout: torch.memory_format) -> None:
    x = torch.arange(32.0).reshape(1, 2, 4, 4).to(memory_format=layout).requires_grad_()
    assert halve(x)[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    twice = double(x)
    assert torch.equal(twice, x.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert twice.is_contiguous(memory_format=layout)
    weights = torch.randn_like(twice)
    (gradient,) = torch.autograd.grad((twice * weights).sum(), x)
    torch.testing.assert_close(gradient, 4 * halve(weights))


@pytest.mark.parametrize("scale_shift", [True, False])
@pytest.mark.parametrize("change", ["none", "down", "up"])
@pytest.mark.parametrize("out", [8, 12])
def test_the_formula(scale_shift: bool, change: str, out: int) -> None:
    block = _awake(ResidualBlock(8, out, 6, scale_shift=scale_shift, change=cast(Change, change), groups=4))
    x, told = torch.randn(2, 8, 4, 4).double(), torch.randn(2, 6).double()
    resize = {"none": lambda h: h, "down": lambda h: F.avg_pool2d(h, 2),
              "up": lambda h: F.interpolate(h, scale_factor=2)}[change]
    h = block.conv_1(resize(F.silu(F.group_norm(x, 4, block.norm_1.weight, block.norm_1.bias))))
    told_as = block.embed(told)[:, :, None, None]
    if scale_shift:
        scale, shift = told_as.chunk(2, 1)
        h = F.group_norm(h, 4, block.norm_2.weight, block.norm_2.bias) * (1 + scale) + shift
    else:
        h = F.group_norm(h + told_as, 4, block.norm_2.weight, block.norm_2.bias)
    expected = resize(x) if block.skip is None else block.skip(resize(x))
    torch.testing.assert_close(block(x, told), expected + block.conv_2(F.silu(h)), rtol=0, atol=1e-12)
    assert (block.skip is None) == (out == 8)


def test_a_block_starts_as_its_skip() -> None:
    x, told = torch.randn(2, 8, 4, 4), torch.randn(2, 6)
    assert torch.equal(ResidualBlock(8, 8, 6)(x, told), x)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_gradients_have_the_strides_of_their_parameters(precision: torch.dtype) -> None:
    block = ResidualBlock(8, 16, 6)
    x = torch.randn(2, 8, 4, 4).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
        block(x, torch.randn(2, 6)).sum().backward()
    for name, parameter in block.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.stride() == parameter.stride(), name


@pytest.mark.parametrize("scale_shift", [True, False])
def test_what_is_told_once_is_told_to_all(scale_shift: bool) -> None:
    block = _awake(ResidualBlock(8, 8, 6, scale_shift=scale_shift))
    x, told = torch.randn(3, 8, 4, 4).double(), torch.randn(1, 6).double()
    torch.testing.assert_close(block(x, told), block(x, told.expand(3, -1)), rtol=0, atol=1e-13)


def test_dropout_hides_in_training_only() -> None:
    block = _awake(ResidualBlock(8, 8, 6, dropout=0.5))
    x, told = torch.randn(2, 8, 4, 4).double(), torch.randn(2, 6).double()
    assert not torch.equal(block(x, told), block(x, told))
    block.eval()
    assert torch.equal(block(x, told), block(x, told))


def test_one_sided_padding_sees_right_and_below() -> None:
    x, told = torch.randn(1, 3, 6, 6).double(), torch.zeros(1, 4).double()
    plain, one_sided = Downsample(3).double(), Downsample(3, one_sided=True).double()
    one_sided.load_state_dict(plain.state_dict())
    assert plain(x, told).shape == one_sided(x, told).shape == (1, 3, 3, 3)
    expected = F.conv2d(F.pad(x, (0, 1, 0, 1)), plain.conv.weight, plain.conv.bias, stride=2)
    torch.testing.assert_close(one_sided(x, told), expected)


def test_upsampling_convolves_the_doubled_picture() -> None:
    layer, x = Upsample(3).double(), torch.randn(2, 3, 4, 4).double()
    torch.testing.assert_close(layer(x, torch.zeros(1, 4)), layer.conv(double(x)))
