"""The distribution that sampling starts from and that a likelihood ends in: p_1, exactly or by its first two moments.

For a variance-exploding process p_1 is wide: data of variance v gives σ(1)² + v, not 1.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.schedule import Schedule
from genloom.diffusion.sobol import normal, scramblings
from genloom.errors import InputError
from genloom.rng import Noise

_LOG_2PI = math.log(2 * math.pi)


class Prior(Protocol):
    """A distribution of x_1."""

    def sample(self, noise: Noise) -> Tensor:
        """A draw made from standard normal draws, of their shape (B, …)."""
        ...

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) in nats, shape (B,)."""
        ...

    def expected_log_density(self, mean: Tensor, sigma: float) -> Tensor:
        """E log p(mean + σ ε), shape (B,), for ε ~ N(0, I)."""
        ...


@dataclass(frozen=True)
class GaussianPrior:
    """N(mean, diag(std²)); mean and std of the shape of one sample, or of ()."""

    mean: Tensor
    std: Tensor

    def sample(self, noise: Noise) -> Tensor:
        """mean + std · z."""
        z = noise()
        return self.mean.to(z) + self.std.to(z) * z

    def log_density(self, x: Tensor) -> Tensor:
        """The sum over coordinates of the normal log-densities."""
        return self.expected_log_density(x, 0.0)

    def expected_log_density(self, mean: Tensor, sigma: float) -> Tensor:
        """Exact: log N(mean) − σ²/2 Σ 1/std²."""
        own, std = self.mean.to(mean), self.std.to(mean)
        each = ((mean - own).square() + sigma**2) / std.square() + 2 * std.log() + _LOG_2PI
        return -0.5 * each.flatten(1).sum(1)


def standard_prior() -> GaussianPrior:
    """N(0, I): right for a variance-preserving process, too narrow for a variance-exploding one."""
    return GaussianPrior(torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))


def moment_matched(schedule: Schedule, data: Tensor) -> GaussianPrior:
    """The Gaussian with p_1's mean α_1 E[x0] and, per coordinate, variance α_1² Var[x0] + σ_1².

    data   shape (N, …), N ≥ 2
    """
    if len(data) < 2:
        raise InputError("data", len(data), "at least 2 samples")
    level = schedule.level(1.0)
    data = data.double()
    variance = level.alpha**2 * data.var(0, correction=0) + level.sigma**2
    return GaussianPrior(level.alpha * data.mean(0), variance.sqrt())


@dataclass(frozen=True)
class OraclePrior:
    """The exact p_t of a distribution that has an oracle, at t = 1 unless another end is given."""

    oracle: Oracle
    t: float = 1.0

    def sample(self, noise: Noise) -> Tensor:
        """α x0 + σ z, where x0 is placed by two draws and z is a third one."""
        first, second, z = noise(), noise(), noise()
        level = self.oracle.schedule.level(self.t)
        uniforms = torch.special.ndtr(torch.cat([first.flatten(1)[:, :1], second.flatten(1)], 1).double())
        x0 = self.oracle.place(uniforms)[0].to(z)
        return level.alpha * x0 + level.sigma * z

    def log_density(self, x: Tensor) -> Tensor:
        """The oracle's own."""
        return self.oracle.log_density(x, self.t)

    def expected_log_density(self, mean: Tensor, sigma: float) -> Tensor:
        """By 4096 scrambled Sobol points."""
        points = normal(next(scramblings(4096, self.oracle.dim, 0, 1))).to(mean)
        noisy = mean.unsqueeze(1) + sigma * points.reshape(-1, *mean.shape[1:])
        return self.log_density(noisy.flatten(0, 1)).reshape(len(mean), -1).mean(1)


def cloud_prior(schedule: Schedule, points: Tensor) -> OraclePrior:
    """The exact p_1 of training points: each scaled by α_1 and blurred by σ_1. points: shape (N, …)."""
    return OraclePrior(CloudOracle(schedule, points))
