"""DDIM between its two ends: the exponential Euler step, and the posterior of DDPM."""

from typing import Any

import pytest
import torch

from genloom.diffusion.grid import CLEAN, grid
from genloom.diffusion.prediction import Estimate
from genloom.diffusion.samplers.ddim import ddim
from genloom.diffusion.samplers.ddpm import ddpm
from genloom.diffusion.schedule import SCHEDULES, Schedule, cosine, exponential, linear
from genloom.errors import InputError
from genloom.rng import SampleNoise

DOUBLE = torch.float64


def _fixed(schedule: Schedule, x0: torch.Tensor) -> Any:
    """A denoiser that knows x0."""

    class Knows:
        def __init__(self) -> None:
            self.schedule = schedule

        def __call__(self, x: torch.Tensor, t: float) -> Estimate:
            level = schedule.level(t)
            return Estimate(x0, (x - level.alpha * x0) / level.sigma)

    return Knows()


@pytest.mark.parametrize("schedule", [linear(), cosine(50)], ids=["linear", "cosine"])
def test_eta_1_is_the_posterior_of_ddpm(schedule: Schedule, draws: Any) -> None:
    """Mean and variance of q(x_s|x_t, x0) in the paper's ᾱ and β, to 1e-12, for neighbours and for long steps."""
    generator = torch.Generator().manual_seed(0)
    x, x0 = (torch.randn(3, 2, generator=generator, dtype=DOUBLE) for _ in range(2))
    for t, s in ((1.0, 0.98), (0.5, 0.48), (0.9, 0.2), (0.04, 0.02)):
        now, then = schedule.level(t), schedule.level(s)
        bar_t, bar_s = float(now.alpha) ** 2, float(then.alpha) ** 2
        beta = 1 - bar_t / bar_s
        mean = ((1 - beta) ** 0.5 * (1 - bar_s) * x + bar_s**0.5 * beta * x0) / (1 - bar_t)
        variance = beta * (1 - bar_s) / (1 - bar_t)
        still, moved = (
            next(ddim(_fixed(schedule, x0), x, [now, then], noise=draws([z]), eta=1.0)).x
            for z in (torch.zeros_like(x), torch.ones_like(x))
        )
        assert torch.allclose(still, mean, rtol=0, atol=1e-12)
        assert torch.allclose((moved - still) ** 2, torch.full_like(x, variance), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "rectified"])
def test_eta_1_is_ddpm_on_every_schedule(name: str, gaussian: Any) -> None:
    schedule = SCHEDULES[name]()
    levels = grid(schedule, 20)
    oracle = gaussian(schedule)
    x = oracle.start(levels[0], torch.linspace(-2, 2, 8, dtype=DOUBLE).reshape(4, 2))
    runs = [list(run) for run in (
        ddim(oracle, x, levels, noise=SampleNoise(0, 4, (2,), dtype=DOUBLE), eta=1.0),
        ddpm(oracle, x, levels, noise=SampleNoise(0, 4, (2,), dtype=DOUBLE)),
    )]
    for a, b in zip(*runs, strict=True):
        assert torch.allclose(a.x, b.x, rtol=1e-12, atol=1e-12)


def test_a_known_x0_is_reached_along_a_straight_line_in_sigma_over_alpha() -> None:
    schedule = exponential()
    x0 = torch.tensor([[1.0, -2.0]], dtype=DOUBLE)
    x = torch.tensor([[3.0, 0.5]], dtype=DOUBLE)
    eps = (x - x0) / schedule.level(1.0).sigma
    for state in ddim(_fixed(schedule, x0), x, grid(schedule, 10)):
        assert torch.allclose(state.x, state.level.alpha * x0 + state.level.sigma * eps, atol=1e-12)
    assert state.level == CLEAN
    assert torch.equal(state.x, x0)


def test_the_exact_step_of_the_exponential_schedule() -> None:
    """x̂0 + e^{−5/T}(z − x̂0), for every T."""
    schedule = exponential()
    x0, z = torch.zeros(1, 1, dtype=DOUBLE), torch.ones(1, 1, dtype=DOUBLE)
    for steps in (1, 5, 1000):
        state = next(ddim(_fixed(schedule, x0), z, grid(schedule, steps, clean=False)))
        assert state.x.item() == pytest.approx(torch.exp(torch.tensor(-5 / steps, dtype=DOUBLE)).item(), rel=1e-12)


def test_eta_adds_the_stated_part_of_the_variance(draws: Any) -> None:
    schedule = linear()
    now, then = schedule.level(0.6), schedule.level(0.4)
    x0 = torch.zeros(1, 1, dtype=DOUBLE)
    bar_t, bar_s = float(now.alpha) ** 2, float(then.alpha) ** 2
    for eta in (0.25, 0.5, 1.0):
        z = [torch.ones(1, 1, dtype=DOUBLE)]
        state = next(ddim(_fixed(schedule, x0), x0, [now, then], noise=draws(z), eta=eta))
        expected = eta * ((1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)) ** 0.5
        assert state.x.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("eta", [-0.1, 1.1, float("nan")])
def test_eta_outside_0_1_is_refused(eta: float, gaussian: Any) -> None:
    with pytest.raises(InputError, match="eta"):
        next(ddim(gaussian(linear()), torch.zeros(1, 1), grid(linear(), 2), eta=eta))


def test_eta_needs_noise(gaussian: Any) -> None:
    with pytest.raises(InputError, match="noise"):
        next(ddim(gaussian(linear()), torch.zeros(1, 1), grid(linear(), 2), eta=0.5))


def test_pure_noise_with_no_signal_left_is_no_special_case(gaussian: Any) -> None:
    schedule = SCHEDULES["rectified"]()
    x = torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None]
    *_, last = ddim(gaussian(schedule), x, grid(schedule, 400))
    assert torch.allclose(last.x, 0.7 + 0.5 * x, atol=0.01)
