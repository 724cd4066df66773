"""The MLP computes one mixing layer, whichever way the time and the class come."""

import pytest
import torch

from genloom.errors import InputError
from genloom.nn.mlp import MLP


@pytest.mark.parametrize("classes", [0, 5])
@pytest.mark.parametrize("frequencies", [0, 8])
def test_a_shared_time_equals_the_same_time_for_each_sample(classes: int, frequencies: int) -> None:
    network = MLP(classes=classes, frequencies=frequencies).double()
    x = torch.randn(7, 2, dtype=torch.float64)
    t = torch.tensor([0.3], dtype=torch.float64)
    labels = torch.full((7,), classes)
    torch.testing.assert_close(network(x, t, None), network(x, t.expand(7), labels), rtol=0, atol=1e-14)


def test_no_label_is_the_class_after_the_last() -> None:
    network = MLP(classes=3).double()
    x, t = torch.randn(4, 2, dtype=torch.float64), torch.rand(4, dtype=torch.float64)
    assert torch.equal(network(x, t), network(x, t, torch.full((4,), 3)))
    assert not torch.equal(network(x, t), network(x, t, torch.full((4,), 2)))


def test_the_output_equals_the_layers_written_out() -> None:
    network = MLP(width=5, depth=3, frequencies=2, classes=2, embedding=3).double()
    x, t, labels = torch.randn(6, 2).double(), torch.rand(6).double(), torch.tensor([0, 1, 2, 0, 1, 2])
    angle = torch.pi * t[:, None] * torch.tensor([1.0, 2.0])
    assert network.label is not None
    told = torch.cat([x, angle.cos(), angle.sin(), network.label.weight[labels]], dim=1)
    h = told @ network.mix.weight.T + network.mix.bias
    h = torch.where(h > 0, h, 0.01 * h)
    h = h @ network.hidden[0].weight.T + network.hidden[0].bias
    h = torch.where(h > 0, h, 0.01 * h)
    torch.testing.assert_close(network(x, t, labels), h @ network.output.weight.T + network.output.bias)


def test_one_layer_is_refused() -> None:
    with pytest.raises(InputError, match=r"network.depth = 1: must be at least 2 linear layers; pass"):
        MLP(depth=1)
