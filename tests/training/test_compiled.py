"""What a network repeats is compiled, computes the same, and is known to nobody else."""

import copy
import shutil

import pytest
import torch
from torch import nn

from genloom.nn.dit import DiT, DiTShape
from genloom.training import compiled
from genloom.training.options import Engine


def test_blocks_are_the_outermost_modules_of_lists() -> None:
    network = nn.ModuleDict({"a": nn.ModuleList([nn.Sequential(nn.ModuleList([nn.Linear(1, 1)])), nn.ReLU()]),
                             "b": nn.Linear(1, 1), "c": nn.ModuleList([nn.ModuleList([nn.Tanh()])])})
    found = [type(block).__name__ for block in compiled.blocks(network)]
    assert found == ["Sequential", "ReLU", "Tanh"]


def test_no_compiler_is_said_and_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "no C++ compiler" in compiled.obstacle("cpu")
    assert not compiled.compiles(Engine(compile=True), "cpu")
    assert not compiled.compiles(Engine(), "cpu")
    assert "mps" in compiled.obstacle("mps")


def test_copies_and_weights_know_nothing_of_it() -> None:
    network = DiT(DiTShape(size=8, width=16, blocks=2, heads=2))
    before = list(network.state_dict())
    compiled.compile_blocks([network])
    assert list(network.state_dict()) == before
    assert all(block._compiled_call_impl is not None for block in network.blocks)
    assert all(block._compiled_call_impl is None for block in copy.deepcopy(network).blocks)
    compiled.release([network])
    assert all(block._compiled_call_impl is None for block in network.blocks)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # of torch about itself
@pytest.mark.skipif(bool(compiled.obstacle("cpu")), reason="needs a C++ compiler")
def test_compiled_blocks_compute_the_same() -> None:
    torch.manual_seed(0)
    network = DiT(DiTShape(size=8, width=16, blocks=3, heads=2)).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2)
    other = copy.deepcopy(network)
    compiled.compile_blocks([network])
    x, time = torch.randn(4, 3, 8, 8).double(), torch.rand(4).double() * 999
    for each in (network, other):
        each(x, time).square().mean().backward()
    torch.testing.assert_close(network(x, time), other(x, time), rtol=1e-9, atol=1e-9)
    for mine, theirs in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-7, atol=1e-9)
