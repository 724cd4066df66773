"""What people write without genloom: plain training loops, and a scheduler's sampling loop."""

import math
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from genloom.errors import MissingExtra
from genloom.training.options import Optimizer

if TYPE_CHECKING:
    from genloom.recipes.gans import GanRecipe


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


def plain_gan(generator: nn.Module, discriminator: nn.Module, data: Tensor, recipe: "GanRecipe", *,
              autocast: AbstractContextManager[Any] | None = None) -> list[float]:
    """A GAN as it is written by hand: two Adams, binary cross-entropy of logits, fakes detached for the discriminator.

    generator, discriminator   z (B, Z) → pictures, and pictures → logits (B, 1)

    data       real pictures in [−1, 1], (N, C, S, S)
    recipe     gives batch size, steps, seed, noise and optimizers of the non-saturating loss
    autocast   what both networks compute under; float32 by default

    Returns the time at which each step began, and the end of the last.
    """
    torch.manual_seed(recipe.engine.seed)
    batch, context = recipe.engine.batch_size, autocast or nullcontext()
    adam_g, adam_d = (torch.optim.Adam(network.parameters(), lr=options.lr, betas=(options.beta1, options.beta2))
                      for network, options in ((generator, recipe.generator), (discriminator, recipe.discriminator)))
    criterion, ones, zeros = nn.BCEWithLogitsLoss(), torch.ones(batch, 1), torch.zeros(batch, 1)
    begun, losses = [], []
    for _ in range(recipe.engine.steps):
        begun.append(time.perf_counter())
        real = data[torch.randint(len(data), (batch,))]
        z = torch.rand(batch, recipe.latent.size) * 2 - 1
        with context:
            fake = generator(z)
            of_real, of_fake = discriminator(real), discriminator(fake.detach())
        loss_d = criterion(of_real.float(), ones) + criterion(of_fake.float(), zeros)
        adam_d.zero_grad()
        loss_d.backward()
        adam_d.step()
        with context:
            verdict = discriminator(fake)
        loss_g = criterion(verdict.float(), ones)
        adam_g.zero_grad()
        loss_g.backward()
        adam_g.step()
        losses.append((loss_d.item(), loss_g.item()))
    return [*begun, time.perf_counter()]


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
