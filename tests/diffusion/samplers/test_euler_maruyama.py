"""The reverse stochastic equation."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch

from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.ddpm import ddpm_large
from genloom.diffusion.samplers.euler_maruyama import euler_maruyama, variance_added
from genloom.diffusion.samplers.state import shared
from genloom.diffusion.schedule import EDM, SCHEDULES, Schedule, exponential, geometric, linear
from genloom.rng import SampleNoise

DOUBLE = torch.float64


@pytest.mark.parametrize("schedule", [exponential(), geometric(), EDM()], ids=["exponential", "geometric", "edm"])
def test_where_variance_explodes_it_is_ddpm_with_the_large_variance(schedule: Schedule, gaussian: Any) -> None:
    oracle, levels = gaussian(schedule), grid(schedule, 10)
    x = oracle.start(levels[0], torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None])
    runs = (run(oracle, x, levels, noise=SampleNoise(0, 5, (1,), dtype=DOUBLE)) for run in (euler_maruyama, ddpm_large))
    for a, b in zip(*runs, strict=True):
        assert torch.allclose(a.x, b.x, rtol=1e-10, atol=1e-10)


def test_one_step_of_a_table_is_the_textbook_step(gaussian: Any, draws: Any) -> None:
    """x + ½B x − B ε/σ + √B z with B = −log(1 − β), which is β to first order. [Song et al. 2021, Eq. 11]"""
    schedule = linear(1000)
    oracle = gaussian(schedule)
    now, then = schedule.levels([0.5, 0.499])
    rate = -math.log1p(-schedule.betas[499].item())
    x, z = torch.ones(1, 1, dtype=DOUBLE), torch.full((1, 1), -0.4, dtype=DOUBLE)
    expected = x + rate / 2 * x - rate * oracle(x, 0.5).eps / now.sigma + rate**0.5 * z
    assert torch.allclose(next(euler_maruyama(oracle, x, [now, then], noise=draws([z]))).x, expected, atol=1e-12)


def test_increments_have_the_variance_of_the_true_path(gaussian: Any, draws: Any) -> None:
    """N(0, σ²(t) − σ²(s)), not σ(t)² at every step."""
    schedule = exponential()
    levels = schedule.levels([0.7, 0.6])
    x = torch.zeros(1, 1, dtype=DOUBLE)
    still, moved = (next(euler_maruyama(gaussian(schedule), x, levels, noise=draws([z]))).x.item()
                    for z in (torch.zeros_like(x), torch.ones_like(x)))
    assert (moved - still) ** 2 == pytest.approx(levels[0].sigma ** 2 - levels[1].sigma ** 2, rel=1e-12)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_variance_added_is_the_integral_of_g_squared(name: str) -> None:
    """∫ α² d(σ/α)² by the trapezoid rule; exact but for the rectified flow, where it holds for short steps."""
    schedule = SCHEDULES[name]()
    ends = (0.5, 0.51) if name == "rectified" else (0.2, 0.9)
    t = torch.linspace(*ends, 20_001, dtype=DOUBLE)
    alpha2 = schedule.alpha(t) ** 2
    rho2 = schedule.sigma(t) ** 2 / alpha2
    integral = ((alpha2[1:] + alpha2[:-1]) / 2 * rho2.diff()).sum()
    found = variance_added(*shared(schedule.levels(ends)))
    assert found == pytest.approx(integral.item(), rel=1e-4 if name == "rectified" else 1e-6)


def test_the_spread_converges_with_weak_order_1(gaussian: Any) -> None:
    """The variance of the output, propagated exactly: its error halves when the steps double."""
    errors = []
    for steps in (100, 200, 400):
        schedule = exponential()
        oracle, levels = gaussian(schedule, 0.0, 0.5), grid(schedule, steps, clean=False)
        variance = oracle.spread(levels[0]) ** 2
        for now, then in pairwise(levels):
            ends = (next(euler_maruyama(oracle, x, [now, then], noise=lambda z=z: z)).x.item() for x, z in (
                (torch.ones(1, 1, dtype=DOUBLE), torch.zeros(1, 1, dtype=DOUBLE)),
                (torch.zeros(1, 1, dtype=DOUBLE), torch.ones(1, 1, dtype=DOUBLE))))
            keep, added = ends
            variance = keep**2 * variance + added**2
        errors.append(abs(variance - oracle.spread(levels[-1]) ** 2))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.15)
    assert math.log2(errors[1] / errors[2]) == pytest.approx(1, abs=0.15)
