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
    (fused,) = optimizers.build(option, ours)
    pairs = [(ours, fused), (theirs, reference(theirs.parameters()))]
    x = torch.randn(20, 4, dtype=torch.float64)
    for _ in range(10):
        for network, optimizer in pairs:
            optimizer.zero_grad()
            network(x).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-12, atol=1e-12)


class Blocks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 8)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8)) for _ in range(2))
        self.last = nn.Linear(8, 1)

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = x + block(x)
        return self.last(x)


def test_muon_has_the_matrices_of_the_blocks_and_adamw_the_rest():
    network = Blocks()
    network.blocks[0][0].weight.requires_grad_(False)
    matrices = [network.blocks[0][2].weight, network.blocks[1][0].weight, network.blocks[1][2].weight]
    muon, adamw = optimizers.build(Optimizer(name="muon", lr=0.01, weight_decay=0.1), network)
    held = [{id(p) for group in part.param_groups for p in group["params"]} for part in (muon, adamw)]
    assert held[0] == {id(p) for p in matrices}
    assert held[1] == {id(p) for p in optimizers.trainable(network)} - held[0]
    assert {part.param_groups[0]["weight_decay"] for part in (muon, adamw)} == {0.1}


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "muon"])
def test_matrices_alone_decay_where_that_is_asked_for(name):
    network = Blocks()
    before = {key: value.clone() for key, value in network.named_parameters()}
    option = Optimizer(name=name, lr=0.1, beta1=0.0, weight_decay=0.5, decay="matrices")
    parts = optimizers.build(option, network)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for part in parts:
        part.step()
    moved = {key for key, value in network.named_parameters() if not torch.equal(value, before[key])}
    assert moved == {key for key in before if key.endswith("weight")}
    held = [p for part in parts for group in part.param_groups for p in group["params"]]
    assert sorted(map(id, held)) == sorted(map(id, network.parameters()))


def test_decay_of_all_is_one_group_and_that_of_nothing_too():
    for option in (Optimizer(weight_decay=0.1), Optimizer(decay="matrices")):
        (part,) = optimizers.build(option, Blocks())
        assert len(part.param_groups) == 1


def test_a_step_of_muon_is_as_long_as_one_of_adam_usually_is():
    network = Blocks()
    muon = optimizers.build(Optimizer(name="muon", lr=0.01), network)[0]
    before = [p.detach().clone() for group in muon.param_groups for p in group["params"]]
    network(torch.randn(64, 3)).square().mean().backward()
    muon.step()
    for old, new in zip(before, muon.param_groups[0]["params"], strict=True):
        spectrum = torch.linalg.svdvals((new - old).detach()) / (0.01 * 0.2 * max(old.shape) ** 0.5)
        assert spectrum[0] < 1.3  # five steps of Newton and Schulz bring large singular values to about 1
        assert spectrum[0] > 0.6


def test_muon_needs_blocks():
    with pytest.raises(InputError, match=r"optimizer.name = .*muon"):
        optimizers.build(Optimizer(name="muon"), nn.Linear(2, 2))


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
