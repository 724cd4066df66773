"""A layout is how a picture lies in memory: changing it changes no number, forwards or backwards."""

import pytest
import torch
from torch.nn import functional as F

from genloom.nn.layout import channels_last, contiguous, double, for_convolutions, spread

LAYOUTS = [torch.contiguous_format, torch.channels_last]


@pytest.mark.parametrize("before", LAYOUTS)
def test_a_change_of_layout_is_the_identity(before: torch.memory_format) -> None:
    x = torch.randn(2, 3, 4, 5).to(memory_format=before)
    for change, after in ((contiguous, torch.contiguous_format), (channels_last, torch.channels_last)):
        assert torch.equal(change(x), x)
        assert change(x).is_contiguous(memory_format=after)


@pytest.mark.parametrize("before", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_convolution_goes_on_in_channels_last_memory(before: torch.memory_format, channels: int) -> None:
    """Also where the picture has one channel, and is both contiguous and channels-last."""
    x, convolution = torch.randn(2, channels, 6, 5).to(memory_format=before), torch.nn.Conv2d(channels, 8, 3)
    assert torch.equal(for_convolutions(x), x)
    after = convolution(for_convolutions(x))
    assert after.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(after, convolution(x))


@pytest.mark.parametrize("before", LAYOUTS)
@pytest.mark.parametrize("of_gradient", LAYOUTS)
def test_the_gradient_has_the_layout_of_what_it_is_the_gradient_of(
    before: torch.memory_format, of_gradient: torch.memory_format
) -> None:
    x = torch.randn(2, 3, 4, 5).to(memory_format=before).requires_grad_()
    for change in (contiguous, channels_last):
        changed = change(x * 1)
        changed.backward(torch.ones_like(changed).contiguous(memory_format=of_gradient))
    assert x.grad is not None
    assert x.grad.is_contiguous(memory_format=before)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_and_their_gradients(layout: torch.memory_format) -> None:
    x = torch.randn(2, 3, 2, 4, dtype=torch.float64).to(memory_format=layout).requires_grad_()
    for function in (contiguous, channels_last, double):
        assert torch.autograd.gradcheck(function, (x,), check_forward_ad=True)
        assert torch.autograd.gradgradcheck(lambda y, f=function: f(y) ** 3, (x,))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_doubling_repeats_each_place(layout: torch.memory_format) -> None:
    x = torch.randn(2, 3, 4, 5).to(memory_format=layout)
    assert torch.equal(double(x), x.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert double(x).is_contiguous(memory_format=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_number_for_each_channel(layout: torch.memory_format) -> None:
    x, told = torch.randn(2, 3, 4, 5).to(torch.bfloat16).to(memory_format=layout), torch.randn(2, 3)
    spread_out = spread(told, x)
    assert spread_out.dtype == torch.bfloat16
    assert torch.equal(x * spread_out, x * told.to(torch.bfloat16)[:, :, None, None])
    assert (x + spread_out).is_contiguous(memory_format=layout)


def test_the_gradient_of_doubling_is_a_sum() -> None:
    x = torch.randn(2, 3, 4, 4, requires_grad=True)
    weights = torch.randn(2, 3, 8, 8)
    (gradient,) = torch.autograd.grad((double(x) * weights).sum(), x)
    torch.testing.assert_close(gradient, 4 * F.avg_pool2d(weights, 2))
