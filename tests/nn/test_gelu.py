"""The activation is its formula, in each of the ways that it is computed."""

import pytest
import torch
from torch.nn import functional as F

from genloom.nn.gelu import gelu


def numbers(count: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.linspace(-9, 9, count).to(dtype).requires_grad_()


def test_the_formula() -> None:
    x = numbers(101, torch.float64)
    expected = x / 2 * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3)))
    torch.testing.assert_close(gelu(x), expected, rtol=0, atol=1e-14)
    assert (gelu(x) - F.gelu(x)).abs().max() < 1e-3


@pytest.mark.parametrize("shape", [(65536,), (32, 64, 100), (1 << 15,), (3, 70001)])
def test_many_numbers_in_bfloat16_are_as_near_as_they_can_be(shape: tuple[int, ...]) -> None:
    x = numbers(torch.Size(shape).numel(), torch.bfloat16)
    found, exact = gelu(x.view(shape)), F.gelu(x.double(), approximate="tanh").view(shape)
    torch.testing.assert_close(found.double(), exact, rtol=2**-8, atol=1e-6)  # half a unit of the last bit is 2^-9
    upstream = torch.linspace(-1, 2, x.numel()).bfloat16()
    (gradient,) = torch.autograd.grad((found.view(-1) * upstream).sum(), x)
    (expected,) = torch.autograd.grad((exact.view(-1) * upstream).sum(), x)
    assert gradient.dtype == torch.bfloat16
    torch.testing.assert_close(gradient, expected, rtol=2**-7, atol=1e-5)


def test_a_view_that_is_not_contiguous_is_taken() -> None:
    x = numbers(1 << 16, torch.bfloat16).detach().view(256, 256).T
    assert torch.equal(gelu(x), gelu(x.contiguous()))


def test_nothing_is_kept_where_nothing_is_learned() -> None:
    x = numbers(1 << 16, torch.bfloat16)
    with torch.no_grad():
        assert not gelu(x).requires_grad
    assert not gelu(x.detach()).requires_grad
    assert gelu(x).requires_grad
