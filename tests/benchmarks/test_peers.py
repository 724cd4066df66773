"""The peers do the work that they are compared on."""

import pytest
import torch

from genloom.benchmarks.peers import plain_training, scheduler_sampling
from genloom.nn.mlp import MLP
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


def test_the_schedulers_loop_samples() -> None:
    pytest.importorskip("diffusers")
    points, seconds = scheduler_sampling(lambda x, t: x, 50, 20, seed=0)  # type: ignore[arg-type] # a linear denoiser
    assert points.shape == (50, 2)
    assert points.isfinite().all()
    assert seconds > 0
