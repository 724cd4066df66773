import pytest
import torch
from torch import nn

from genloom.errors import CheckpointError
from genloom.training import optimizers, options
from genloom.training.ema import Average
from genloom.training.state import Live, Snapshot, network_tensors


class Block(nn.Module):
    """Both kinds of parameters that Muon tells apart."""

    def __init__(self, width):
        super().__init__()
        self.blocks, self.last = nn.ModuleList([nn.Linear(width, width)]), nn.Linear(width, 2)

    def forward(self, x):
        return self.last(self.blocks[0](x))


def live(width=4, name="adam"):
    networks = {"net": Block(width) if name == "muon" else nn.Linear(width, 2)}
    parts = optimizers.build(options.Optimizer(name=name), networks["net"])
    return Live(networks, {"net": parts}, Average(networks, 0.9))


def moved(state):
    for _ in range(3):
        state.networks["net"].zero_grad()
        state.networks["net"](torch.randn(5, 4)).square().sum().backward()
        for part in state.optimizers["net"]:
            part.step()
    state.average.update(3)
    return state


def frozen(state):
    groups = {group: {key: t.clone() for key, t in tensors.items()} for group, tensors in state.tensors().items()}
    return Snapshot(3, groups)


def all_tensors(state):
    return {f"{group}:{key}": t for group, tensors in state.tensors().items() for key, t in tensors.items()}


@pytest.mark.parametrize("name", ["adam", "adamw", "muon", "sgd"])
def test_a_restored_state_is_equal_and_moves_equally(name):
    first, second = moved(live(name=name)), live(name=name)
    second.restore(frozen(first))
    for state in (first, second):
        torch.manual_seed(1)
        moved(state)
    a, b = all_tensors(first), all_tensors(second)
    assert a.keys() == b.keys()
    assert len(a) > 5
    assert all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("spoil", [
    lambda t: t["networks"].pop("net/bias"),
    lambda t: t["networks"].update({"net/more": torch.zeros(1)}),
    lambda t: t["networks"].update({"net/weight": torch.zeros(2, 5)}),
    lambda t: t["ema"].update({"net/weight": torch.zeros(2, 4, dtype=torch.float16)}),
    lambda t: t.pop("ema"),
    lambda t: t.pop("networks"),
    lambda t: t["optimizers"].update({"net/weight#exp_avg": torch.zeros(9)}),
    lambda t: t["optimizers"].update({"gone/weight#exp_avg": torch.zeros(2, 4)}),
])
def test_what_does_not_fit_changes_nothing(spoil):
    snapshot, state = frozen(moved(live())), moved(live())
    spoil(snapshot.tensors)
    before = {key: t.clone() for key, t in all_tensors(state).items()}
    with pytest.raises(CheckpointError) as caught:
        state.restore(snapshot)
    assert "\n" not in str(caught.value)
    after = all_tensors(state)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_size_counts_every_tensor():
    assert Snapshot(0, {"networks": network_tensors({"net": nn.Linear(3, 2)})}).bytes() == 4 * 8
