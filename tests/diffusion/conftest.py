"""Gaussian data, for which the denoiser, the probability flow and every sampler's variance have closed forms."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from genloom.diffusion.prediction import Estimate, expand
from genloom.diffusion.schedule import Level, Schedule, Time


@dataclass(frozen=True)
class Gaussian:
    """x0 ~ N(mean, std² I), written down again here so that samplers are tested against nothing of the package's."""

    schedule: Schedule
    mean: float = 0.7
    std: float = 0.5

    def __call__(self, x: Tensor, t: Time) -> Estimate:
        level = self.schedule.level(t)
        alpha, sigma = expand(level.alpha, x), expand(level.sigma, x)
        scaled = (x - alpha * self.mean) / (alpha * alpha * self.std**2 + sigma * sigma)
        return Estimate(self.mean + alpha * self.std**2 * scaled, sigma * scaled)

    def spread(self, level: Level) -> float:
        """The standard deviation of x_t."""
        return (level.alpha**2 * self.std**2 + level.sigma**2) ** 0.5

    def start(self, level: Level, z: Tensor) -> Tensor:
        """x_t, from standard normal z."""
        return level.alpha * self.mean + self.spread(level) * z

    def flow(self, x: Tensor, now: Level, then: Level) -> Tensor:
        """The exact probability flow from one level to another: deviations keep their place in the distribution."""
        deviation = x - now.alpha * self.mean
        return then.alpha * self.mean + deviation * self.spread(then) / self.spread(now)


@pytest.fixture
def gaussian() -> type[Gaussian]:
    return Gaussian


def even_in_log_snr(schedule: Schedule, high: float, low: float, steps: int) -> list[Level]:
    """Levels from σ/α = high to low, evenly spaced in the logarithm, exactly on the schedule."""
    rho = torch.logspace(0, 1, steps + 1, base=low / high, dtype=torch.float64) * high
    return schedule.levels(schedule.time(rho).tolist())


@pytest.fixture
def levels_between() -> object:
    return even_in_log_snr


class Draws:
    """The given draws, one after another."""

    def __init__(self, draws: Sequence[Tensor]) -> None:
        self._draws = iter(draws)

    def __call__(self) -> Tensor:
        return next(self._draws)


@pytest.fixture
def draws() -> type[Draws]:
    return Draws
