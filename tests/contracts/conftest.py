"""What the contracts are tried on: every registered component, on data whose answers are known."""

import pytest
import torch

from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.schedule import Level, Schedule

START = 0.99
"""Where a grid starts on a schedule that leaves no signal at t = 1."""


def _gaussian(schedule: Schedule, std: float = 0.5) -> MixtureOracle:
    eye = torch.eye(2, dtype=torch.float64)
    return MixtureOracle(schedule, torch.full((1, 2), 0.7, dtype=torch.float64), std**2 * eye[None])


def _mixture(schedule: Schedule) -> MixtureOracle:
    means = torch.tensor([[1.0, 0.0], [-0.5, 0.8], [-0.5, -0.8]], dtype=torch.float64)
    covariances = torch.tensor([[[0.04, 0.01], [0.01, 0.09]]], dtype=torch.float64).expand(3, 2, 2)
    return MixtureOracle(schedule, means, covariances, torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64))


@pytest.fixture
def gaussian() -> object:
    """schedule -> the oracle of N(0.7, 0.25 I) in the plane."""
    return _gaussian


@pytest.fixture
def mixture() -> object:
    """schedule -> the oracle of three correlated Gaussians in the plane."""
    return _mixture


def _start(schedule: Schedule) -> float:
    return START if schedule.terminal_snr == 0 else 1.0


@pytest.fixture
def start() -> object:
    """schedule -> the noisiest time at which some signal is left."""
    return _start


def _noisy(schedule: Schedule, level: Level, count: int) -> torch.Tensor:
    """x at a level, for the Gaussian of mean 0.7 and standard deviation 0.5."""
    z = torch.randn(count, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return level.alpha * 0.7 + (level.alpha**2 * 0.25 + level.sigma**2) ** 0.5 * z


@pytest.fixture
def noisy() -> object:
    return _noisy
