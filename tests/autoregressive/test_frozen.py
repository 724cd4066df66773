"""What is looked into is left as it was."""

import pytest
import torch
from torch import nn

from genloom.autoregressive.frozen import frozen


def test_modes_and_slopes_are_put_back() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.Linear(2, 1))
    network[1].eval()
    network[2].weight.requires_grad_(False)
    before = [m.training for m in network.modules()], [p.requires_grad for p in network.parameters()]
    with pytest.raises(RuntimeError, match="inside"):
        _look_into(network)
    assert before == ([m.training for m in network.modules()], [p.requires_grad for p in network.parameters()])


def _look_into(network: nn.Module) -> None:
    with frozen(network):
        assert not any(module.training for module in network.modules())
        assert not any(parameter.requires_grad for parameter in network.parameters())
        x = torch.ones(1, 2, requires_grad=True)
        network(x).sum().backward()
        assert x.grad is not None
        raise RuntimeError("inside")
