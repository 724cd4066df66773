"""The peers do the work that they are compared on."""

from dataclasses import replace

import pytest
import torch

from genloom.benchmarks.peers import plain_gan, plain_training, scheduler_sampling
from genloom.nn.mlp import MLP
from genloom.recipes.gans import vanilla_gan
from genloom.studies.mnist_gans.written import mlp
from genloom.training.options import Optimizer


def test_the_plain_loop_learns() -> None:
    torch.manual_seed(0)
    network, data = MLP(width=16), torch.rand(200, 2) * 2 - 1
    eps, t = torch.randn(200, 2), torch.ones(200)

    def loss() -> float:
        with torch.no_grad():
            return float((network(data + eps, t) - eps).square().mean())

    before = loss()
    assert plain_training(network, data, 60, Optimizer(lr=1e-2, schedule="cosine", warmup=5), seed=0) > 0
    assert loss() < 0.8 * before


def test_the_plain_loop_of_two_networks_moves_both_and_is_a_function_of_the_seed() -> None:
    base = vanilla_gan()
    recipe = replace(base, engine=replace(base.engine, steps=5, batch_size=8))
    real, weights = torch.rand(40, 1, 28, 28), []
    for _ in range(2):
        torch.manual_seed(1)
        networks = mlp()[:2]
        before = [[p.detach().clone() for p in network.parameters()] for network in networks]
        times = plain_gan(*networks, real, recipe)
        assert len(times) == 6
        assert times == sorted(times)
        for network, old in zip(networks, before, strict=True):
            assert any(not torch.equal(p, q) for p, q in zip(network.parameters(), old, strict=True))
        weights.append([p.detach() for network in networks for p in network.parameters()])
    assert all(torch.equal(p, q) for p, q in zip(*weights, strict=True))


def test_the_schedulers_loop_samples() -> None:
    pytest.importorskip("diffusers")
    points, seconds = scheduler_sampling(lambda x, t: x, 50, 20, seed=0)  # type: ignore[arg-type] # a linear denoiser
    assert points.shape == (50, 2)
    assert points.isfinite().all()
    assert seconds > 0
