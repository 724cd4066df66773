"""A denoiser is `(x, t) -> Estimate` on a schedule; it is all that a sampler ever sees."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from torch import Tensor

from genloom.diffusion.prediction import Estimate, Row, as_tensor, expand, solve
from genloom.diffusion.schedule import Level, Schedule, Time


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
    """A network that is told ¼ log σ/α. [Karras et al. 2022, Table 1, c_noise]"""
    ratio = level.sigma / level.alpha
    if isinstance(ratio, Tensor):
        return ratio.log() / 4
    from math import log

    return log(ratio) / 4


TIME_INPUTS: dict[str, Callable[[Level], Time]] = {
    "t": time_itself, "sigma": noise_level, "log-sigma": quarter_log_sigma,
}


def unit_scale(level: Level) -> Time:
    """The network sees x as it is."""
    return 1.0


def unit_variance(sigma_data: float) -> Callable[[Level], Time]:
    """The network sees x / √(α²σ_d² + σ²), whose variance is 1. [Karras et al. 2022, Table 1, c_in]"""
    return lambda level: ((level.alpha * sigma_data) ** 2 + level.sigma**2) ** -0.5


@dataclass(frozen=True)
class NetworkDenoiser:
    """A network with its schedule and the row of its output.

    network     (input (B, …), time (B,) or (1,), labels (B,) or None) -> output of the input's shape
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
        told = self.condition(level)
        time = as_tensor(told, x).to(x.dtype) if isinstance(told, Tensor) else x.new_tensor([told])
        return self.network(expand(self.scale(level), x) * x, time, self.labels)

    def __call__(self, x: Tensor, t: Time) -> Estimate:
        """The network's output, solved for x0 and ε."""
        level = self.schedule.level(t)
        return solve(x, self.output(x, level), level, self.row)

    def with_labels(self, labels: Tensor | None) -> "NetworkDenoiser":
        """The same denoiser, conditioned on other classes."""
        return replace(self, labels=labels)
