"""Normalisation, modulation and activation together are what they are one after the other."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.norm import GroupNorm, groups_of, start_at_zero


@pytest.mark.parametrize(("channels", "most", "expected"), [(128, 32, 32), (48, 32, 24), (16, 32, 16), (7, 4, 1)])
def test_the_most_groups_that_divide_the_channels(channels: int, most: int, expected: int) -> None:
    assert groups_of(channels, most) == expected
    assert GroupNorm(channels, most).groups == expected


def test_no_groups_are_refused() -> None:
    with pytest.raises(InputError, match=r"network\.groups = 0: must be at least 1"):
        groups_of(16, 0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_the_formula(layout: torch.memory_format, rows: int) -> None:
    norm = GroupNorm(12, 4).double()
    nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
    x = torch.randn(3, 12, 4, 4, dtype=torch.float64).to(memory_format=layout) + 2
    told = [torch.randn(rows, 12, dtype=torch.float64) for _ in range(2)] if rows else [None, None]
    found = norm.activated(x, *told)
    groups = x.reshape(3, 4, -1)
    h = (groups - groups.mean(2, keepdim=True)) / (groups.var(2, correction=0, keepdim=True) + 1e-5).sqrt()
    h = h.reshape(x.shape) * norm.weight[:, None, None] + norm.bias[:, None, None]
    if told[0] is not None and told[1] is not None:
        h = h * (1 + told[0][:, :, None, None]) + told[1][:, :, None, None]
    torch.testing.assert_close(found, h * h.sigmoid(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_gradients(layout: torch.memory_format, rows: int) -> None:
    norm = GroupNorm(4, 2).double()
    x = torch.randn(2, 4, 2, 2, dtype=torch.float64).to(memory_format=layout).requires_grad_()
    told = [torch.randn(rows, 4, dtype=torch.float64, requires_grad=True) for _ in range(2)] if rows else []

    def of(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, *told: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = torch.func.functional_call(_Activated(norm), {"norm.weight": weight, "norm.bias": bias},
                                                       (x, *told))
        return out

    parameters = [p.detach().clone().requires_grad_() for p in norm.parameters()]
    assert torch.autograd.gradcheck(of, (x, *parameters, *told))


class _Activated(nn.Module):
    def __init__(self, norm: GroupNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: torch.Tensor, *told: torch.Tensor) -> torch.Tensor:
        return self.norm.activated(x, *told)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_bfloat16_keeps_its_type_and_statistics_of_float32(layout: torch.memory_format) -> None:
    norm = GroupNorm(16, 4)
    x = (torch.randn(2, 16, 32, 32) + 3).to(torch.bfloat16).to(memory_format=layout)
    scale, shift = torch.randn(2, 16), torch.randn(2, 16)
    found = norm.activated(x, scale, shift)
    assert found.dtype == torch.bfloat16
    assert found.is_contiguous(memory_format=layout)
    expected = norm.activated(x.float(), scale, shift)
    assert (found.float() - expected).abs().max() < 0.01 * expected.abs().max()
    assert F.mse_loss(found.float(), expected) < 1e-4 * expected.var()


def test_a_layer_that_starts_at_zero() -> None:
    layer = nn.Conv2d(3, 5, 3)
    start_at_zero(layer)
    assert not any(parameter.any() for parameter in layer.parameters())
    bare = nn.Linear(3, 5, bias=False)
    start_at_zero(bare)
    assert not bare.weight.any()
