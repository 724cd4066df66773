"""Euler in σ/α is DDIM; Euler in t is the course's rule, with its limits."""

from typing import Any

import pytest
import torch

from genloom.diffusion.grid import grid
from genloom.diffusion.prediction import Estimate
from genloom.diffusion.samplers.ddim import ddim
from genloom.diffusion.samplers.euler import euler, euler_t
from genloom.diffusion.schedule import SCHEDULES, Schedule, exponential

DOUBLE = torch.float64


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "rectified"])
def test_euler_in_sigma_over_alpha_is_ddim(name: str, gaussian: Any) -> None:
    schedule = SCHEDULES[name]()
    oracle, levels = gaussian(schedule), grid(schedule, 20)
    x = oracle.start(levels[0], torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None])
    for a, b in zip(euler(oracle, x, levels), ddim(oracle, x, levels), strict=True):
        assert torch.allclose(a.x, b.x, rtol=1e-9, atol=1e-9)


class _Origin:
    """Data that are the point 0."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def __call__(self, x: torch.Tensor, t: float) -> Estimate:
        return Estimate(torch.zeros_like(x), x / self.schedule.level(t).sigma)


@pytest.mark.parametrize("steps", [1, 2, 5, 10, 1000])
def test_the_rule_of_the_course(steps: int) -> None:
    """z ← z + (5/T)(x̂0 − z), T times at t = 1 … 1/T: 1 − 5/T each."""
    schedule = exponential(5.0)
    z = torch.ones(1, 1, dtype=DOUBLE)
    path = list(euler_t(_Origin(schedule), z, grid(schedule, steps, clean=False)))
    assert len(path) == steps
    for state in path:
        z = z + 5 / steps * (0 - z)
        assert torch.allclose(state.x, z, atol=1e-12)
    if steps == 1:
        assert z.item() == pytest.approx(-4)  # diverges: four times as far, on the other side
    if steps == 5:
        assert z.item() == pytest.approx(0, abs=1e-12)  # collapses onto the first estimate
    if steps == 1000:
        assert z.item() == pytest.approx(torch.tensor(-5.0).exp().item(), rel=0.02)  # e^{−5}, the exact factor


def test_a_clean_end_is_the_estimate_itself() -> None:
    schedule = exponential()
    *_, last = euler_t(_Origin(schedule), torch.ones(1, 1, dtype=DOUBLE), grid(schedule, 1))
    assert last.x.item() == 0


def test_a_straight_flow_is_one_step() -> None:
    """On the rectified schedule with known data the path is straight, so one Euler step is exact at any level."""
    schedule = SCHEDULES["rectified"]()
    levels = schedule.levels([1.0, 0.3])
    x = torch.ones(1, 1, dtype=DOUBLE)
    assert next(euler_t(_Origin(schedule), x, levels)).x.item() == pytest.approx(0.3, rel=1e-12)
