from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn

from genloom.training.precision import InPrecision, for_inference, resolve


class Half:
    @contextmanager
    def autocast(self):
        with torch.autocast("cpu", torch.bfloat16):
            yield


class Pair(NamedTuple):
    a: torch.Tensor
    b: int


class Many(nn.Module):
    classes = 5

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x):
        y = self.linear(x)
        assert y.dtype == torch.bfloat16
        return {"y": y, "pair": Pair(y, 3), "list": (y, "x")}


def test_networks_compute_in_bf16_and_return_float32():
    network = Many()
    wrapped = InPrecision(network, Half())
    output = wrapped(torch.randn(2, 3))
    assert output["y"].dtype == output["pair"].a.dtype == output["list"][0].dtype == torch.float32
    assert isinstance(output["pair"], Pair)
    output["y"].sum().backward()
    assert network.linear.weight.grad.dtype == torch.float32


def test_attributes_are_the_networks_own():
    wrapped = InPrecision(Many(), Half())
    assert wrapped.classes == 5
    assert not hasattr(wrapped, "absent")


def test_auto_is_bf16_only_where_the_machine_multiplies_in_it(monkeypatch):
    for fast, found in ((True, "bf16-mixed"), (False, "32")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda fast=fast: fast)
        assert resolve("auto", "cpu") == found
        assert resolve("32", "cpu") == "32"
        assert resolve("bf16-mixed", "cpu") == "bf16-mixed"
    assert resolve("auto", "mps") == "32"


def test_a_network_samples_in_the_arithmetic_it_was_trained_in():
    network, x = nn.Linear(64, 64), torch.randn(8, 64)
    assert for_inference(network, "32") is network
    half = for_inference(network, "bf16-mixed")(x)
    assert half.dtype == torch.float32
    assert 0 < (half - network(x)).abs().max() < 0.05
