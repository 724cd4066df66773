"""The forward process by all of its steps: with every noise kept apart, with mean and variance alone, and drawn."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.schedule import VariancePreserving, cosine, linear
from genloom.metrics.energy import energy_test
from genloom.metrics.twosample import TwoSample
from genloom.rng import generator

SCHEDULES: dict[str, Callable[[], VariancePreserving]] = {"linear, T = 1000": linear,
                                                          "cosine, T = 50": lambda: cosine(50)}
PERMUTATIONS = 1999


class Noises(NamedTuple):
    """What x_t is made of, t = 1 … T: the factor of x_0 (T,), and that of each ε_i (T, T), 0 for i > t."""

    start: Tensor
    noise: Tensor


def unrolled(betas: Tensor) -> Noises:
    """The factors, by taking the steps with x_0 and each noise kept apart."""
    steps = len(betas)
    parts, rows = torch.zeros(steps + 1, dtype=torch.float64), []
    parts[0] = 1
    for i, beta in enumerate(betas.double().tolist()):
        parts = parts * math.sqrt(1 - beta)
        parts[i + 1] = math.sqrt(beta)
        rows.append(parts)
    whole = torch.stack(rows)
    return Noises(whole[:, 0], whole[:, 1:])


def stepwise(x0: Tensor, noise: Tensor, betas: Tensor) -> Tensor:
    """x_t by t steps, with noise (t, …)."""
    x = x0
    for beta, eps in zip(betas.tolist(), noise, strict=True):
        x = math.sqrt(1 - beta) * x + math.sqrt(beta) * eps
    return x


def moments(betas: Tensor, mean: float, variance: float) -> tuple[list[float], list[float]]:
    """Mean and variance of x_t for t = 1 … T, from those of x_0, by the recursion of one step."""
    means, variances = [mean], [variance]
    for beta in betas.tolist():
        means.append(math.sqrt(1 - beta) * means[-1])
        variances.append((1 - beta) * variances[-1] + beta)
    return means[1:], variances[1:]


def same_law(t: int, seed: int, count: int) -> TwoSample:
    """Points on a circle, noised by t steps and by one, each with its own noise: the energy test."""
    schedule, random = cosine(50), generator(seed, 12, t)
    angle = 2 * math.pi * torch.rand((2, count), generator=random, dtype=torch.float64)
    start = torch.stack((angle.cos(), angle.sin()), -1)
    noise = torch.randn((t + 1, count, 2), generator=random, dtype=torch.float64)
    kept = float(schedule.log_alpha_bar[t].exp())
    direct = math.sqrt(kept) * start[1] + math.sqrt(1 - kept) * noise[-1]
    return energy_test(stepwise(start[0], noise[:-1], schedule.betas[:t]), direct, permutations=PERMUTATIONS, seed=seed)


def closed(schedule: VariancePreserving) -> Tensor:
    """√(β_i ᾱ_t/ᾱ_i), the factor of ε_i in x_t, (T, T), 0 for i > t."""
    log = schedule.log_alpha_bar[1:]
    return ((log[:, None] - log[None] + schedule.betas.log()[None]) / 2).exp().tril()
