import pytest
import torch
from torch import nn

from genloom.errors import InputError
from genloom.training import optimizers
from genloom.training.options import Optimizer


@pytest.mark.parametrize(("name", "reference"), [
    ("adam", lambda p: torch.optim.Adam(p, 1e-2, (0.8, 0.95), weight_decay=0.1)),
    ("adamw", lambda p: torch.optim.AdamW(p, 1e-2, (0.8, 0.95), weight_decay=0.1)),
    ("sgd", lambda p: torch.optim.SGD(p, 1e-2, 0.8, weight_decay=0.1)),
])
def test_fused_optimizers_agree_with_the_plain_ones(name, reference):
    torch.manual_seed(0)
    ours, theirs = nn.Linear(4, 3).double(), nn.Linear(4, 3).double()
    theirs.load_state_dict(ours.state_dict())
    option = Optimizer(name=name, lr=1e-2, beta1=0.8, beta2=0.95, weight_decay=0.1)
    pairs = [(ours, optimizers.build(option, ours)), (theirs, reference(theirs.parameters()))]
    x = torch.randn(20, 4, dtype=torch.float64)
    for _ in range(10):
        for network, optimizer in pairs:
            optimizer.zero_grad()
            network(x).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-12, atol=1e-12)


def test_frozen_parameters_are_left_out():
    network = nn.Linear(2, 2)
    network.bias.requires_grad_(False)
    assert optimizers.trainable(network) == [network.weight]


@pytest.mark.parametrize("change", [{"lr": 0.0}, {"lr": float("nan")}, {"beta1": 1.0}, {"beta2": -0.1}, {"final": 1.5},
                                    {"warmup": -1}, {"weight_decay": -1.0}])
def test_values_that_cannot_train_are_named(change):
    (name, value), = change.items()
    with pytest.raises(InputError, match=f"optimizer.{name} = {value}"):
        optimizers.check("optimizer", Optimizer(**change))
