"""What people write without genloom: the plain training loop, and a scheduler's sampling loop."""

import math
import time

import torch
from torch import Tensor, nn

from genloom.errors import MissingExtra
from genloom.training.options import Optimizer


def plain_training(network: nn.Module, data: Tensor, steps: int, options: Optimizer, seed: int) -> float:
    """Full-batch noise regression on σ(t) = e^{5(t − 1)} with `torch.optim.Adam`; returns seconds."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=options.lr)
    start = time.perf_counter()
    for step in range(steps):
        warm = min(1.0, (step + 1) / max(1, options.warmup))
        cosine = 0.5 * (1 + math.cos(math.pi * max(0, step - options.warmup) / (steps - options.warmup)))
        for group in optimizer.param_groups:
            group["lr"] = options.lr * warm * cosine
        t = torch.rand(len(data))
        eps = torch.randn_like(data)
        x = data + torch.exp(5 * (t - 1))[:, None] * eps
        loss = nn.functional.mse_loss(network(x, t), eps)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return time.perf_counter() - start


def scheduler_sampling(network: nn.Module, count: int, steps: int, seed: int) -> tuple[Tensor, float]:
    """The loop of diffusers' DDPM pipeline on a network of points: samples (count, 2) and seconds.

    Errors: `MissingExtra` without diffusers.
    """
    try:
        from diffusers import DDPMScheduler
    except ImportError:
        raise MissingExtra("diffusers", "bench", "this benchmark") from None
    scheduler = DDPMScheduler(num_train_timesteps=steps, beta_start=1e-4, beta_end=0.02, beta_schedule="linear",
                              variance_type="fixed_small", clip_sample=False)
    random = torch.Generator().manual_seed(seed)
    start = time.perf_counter()
    x = torch.randn((count, 2), generator=random)
    with torch.no_grad():
        for t in scheduler.timesteps:
            output = network(x, (t[None] + 1) / steps)
            x = scheduler.step(output, t, x, generator=random).prev_sample
    return x, time.perf_counter() - start
