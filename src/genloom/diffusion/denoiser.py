"""A denoiser is `(x, t) -> Estimate` on a schedule; it is all that a sampler ever sees."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from genloom.diffusion.prediction import Estimate, Row, as_tensor, expand, solve
from genloom.diffusion.schedule import Level, Schedule, Time
from genloom.errors import InputError


class Denoiser(Protocol):
    """Splits x_t into data and noise: a trained network, an oracle, or either of them under guidance.

    x   noisy samples, shape (B, …)
    t   time in [0, 1], one number for all samples or a tensor of shape (B,)
    """

    @property
    def schedule(self) -> Schedule:
        """The process that made x_t."""
        ...

    def __call__(self, x: Tensor, t: Time) -> Estimate:
        """E[x0 | x_t = x] and E[ε | x_t = x], each of x's shape."""
        ...


def time_itself(level: Level) -> Time:
    """A network that is told t."""
    return level.t


def noise_level(level: Level) -> Time:
    """A network that is told σ."""
    return level.sigma


def quarter_log_sigma(level: Level) -> Time:
    """A network that is told ¼ log σ/α. [Karras et al. 2022, Table 1, c_noise]

    Errors: `InputError` where α = 0 or σ = 0.
    """
    if isinstance(level.sigma, Tensor):
        return (level.sigma / level.alpha).log() / 4
    if level.alpha == 0 or level.sigma == 0:
        raise InputError("diffusion.time_input", "log-sigma", "t or sigma where α = 0 or σ = 0", "pass t")
    return math.log(level.sigma / level.alpha) / 4


def table_index(schedule: Schedule) -> Callable[[Level], Time]:
    """A network that is told t·T − 1, the place of t in a table of T entries; T = 1000 for a schedule without one."""
    steps = schedule.steps or 1000
    return lambda level: level.t * steps - 1


TIME_INPUTS: dict[str, Callable[[Level], Time]] = {
    "t": time_itself, "sigma": noise_level, "log-sigma": quarter_log_sigma,
}


def unit_scale(level: Level) -> Time:
    """A network that sees x as it is."""
    return 1.0


def unit_variance(sigma_data: float) -> Callable[[Level], Time]:
    """A network that sees x / √(α²σ_d² + σ²), whose variance is 1. [Karras et al. 2022, Table 1, c_in]"""
    return lambda level: ((level.alpha * sigma_data) ** 2 + level.sigma**2) ** -0.5


@dataclass(frozen=True)
class NetworkDenoiser:
    """A network with its schedule and the row of its output.

    network     (input (B, …), time (B,) or (1,), labels (B,) or None) -> output of the input's shape; the time is
                float64 for float64 inputs and float32 for all others
    row         what the output is, `prediction.Row`
    condition   what the network is told of the time
    scale       the factor of its input
    labels      the classes to condition on, shape (B,), or None
    """

    network: Callable[[Tensor, Tensor, Tensor | None], Tensor]
    schedule: Schedule
    row: Row
    condition: Callable[[Level], Time] = time_itself
    scale: Callable[[Level], Time] = unit_scale
    labels: Tensor | None = None

    def output(self, x: Tensor, level: Level) -> Tensor:
        """The network's raw output at a level."""
        told, scale = self.condition(level), self.scale(level)
        exact = torch.float64 if x.dtype == torch.float64 else torch.float32  # bfloat16 would turn t = 999 into 1000
        if isinstance(told, Tensor):
            time = as_tensor(told, x).to(exact)
        else:
            time = torch.full((1,), told, dtype=exact, device=x.device)
        seen = x if isinstance(scale, float) and scale == 1 else expand(scale, x) * x
        return self.network(seen, time, self.labels)

    def __call__(self, x: Tensor, t: Time) -> Estimate:
        """The network's output, solved for x0 and ε."""
        level = self.schedule.level(t)
        return solve(x, self.output(x, level), level, self.row)

    def with_labels(self, labels: Tensor | None) -> "NetworkDenoiser":
        """The same denoiser, conditioned on other classes."""
        return replace(self, labels=labels)
