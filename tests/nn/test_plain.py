"""A plain block starts as its skip and is the residual block of the U-Net without its embedding."""

import pytest
import torch
from torch import nn

from genloom.nn.plain import PlainBlock
from genloom.nn.residual import Change, ResidualBlock, double, halve


def changed(x: torch.Tensor, change: Change) -> torch.Tensor:
    return {"none": lambda y: y, "down": halve, "up": double}[change](x)


@pytest.mark.parametrize("change", ["none", "down", "up"])
def test_it_starts_as_its_skip(change: Change) -> None:
    x = torch.randn(2, 8, 6, 6, dtype=torch.float64)
    assert torch.equal(PlainBlock(8, 8, change=change).double()(x), changed(x, change))
    wider = PlainBlock(8, 12, change=change).double()
    assert wider.skip is not None
    assert torch.equal(wider(x), wider.skip(changed(x, change)))


@pytest.mark.parametrize("change", ["none", "down", "up"])
def test_it_equals_the_residual_block_that_is_told_nothing(change: Change) -> None:
    plain = PlainBlock(8, 12, change=change).double()
    for parameter in plain.parameters():
        nn.init.normal_(parameter, std=0.3)
    told = ResidualBlock(8, 12, 4, change=change).double()
    told.load_state_dict(plain.state_dict(), strict=False)
    x = torch.randn(2, 8, 6, 6, dtype=torch.float64)
    nn.init.zeros_(told.embed.bias)
    torch.testing.assert_close(plain(x), told(x, torch.zeros(1, 4, dtype=torch.float64)), rtol=0, atol=1e-12)


def test_an_odd_size_loses_its_last_row_and_column() -> None:
    assert PlainBlock(4, 4, change="down")(torch.randn(1, 4, 7, 7)).shape == (1, 4, 3, 3)


def test_the_gradient_reaches_each_parameter() -> None:
    block = PlainBlock(8, 12).double()
    nn.init.normal_(block.conv_2.weight, std=0.3)
    block(torch.randn(2, 8, 6, 6, dtype=torch.float64)).square().sum().backward()
    assert [name for name, p in block.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
