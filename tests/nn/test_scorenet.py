"""ScoreNet has the eight linear layers that were given, and the scale of a score."""

import torch
from torch import nn

from genloom.nn.scorenet import ScoreNet


def test_eight_linear_layers_with_softplus_between() -> None:
    kinds = [type(layer) for layer in ScoreNet().layers]
    assert kinds == [nn.Linear, nn.Softplus] * 7 + [nn.Linear]


def test_parameters_at_width_128() -> None:
    count = sum(p.numel() for p in ScoreNet().parameters())
    assert count == (3 * 128 + 128) + 6 * (128 * 128 + 128) + (128 * 2 + 2)


def test_the_layers_output_is_divided_by_sigma() -> None:
    network = ScoreNet(width=8).double()
    x, sigma = torch.randn(5, 2).double(), torch.rand(5).double() + 0.1
    plain = network.layers(torch.cat([x, sigma[:, None]], dim=1))
    torch.testing.assert_close(network(x, sigma), plain / sigma[:, None])
    torch.testing.assert_close(network(x, sigma[:1]), network(x, sigma[:1].expand(5)))
