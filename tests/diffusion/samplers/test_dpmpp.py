"""DPM-Solver++ (2M) and 2M-SDE."""

import math
from typing import Any

import pytest
import torch

from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.ddim import ddim
from genloom.diffusion.samplers.ddpm import ddpm
from genloom.diffusion.samplers.dpmpp import dpmpp_2m, dpmpp_2m_sde, log_ratio
from genloom.diffusion.samplers.state import shared
from genloom.diffusion.schedule import cosine, exponential
from genloom.rng import SampleNoise

DOUBLE = torch.float64


def test_lambda_is_half_the_log_snr() -> None:
    level = shared([cosine().level(0.3)])[0]
    assert log_ratio(level) == pytest.approx(0.5 * math.log(level.alpha**2 / level.sigma**2))


def test_it_is_algorithm_2_line_by_line(gaussian: Any) -> None:
    schedule = cosine()
    oracle, levels = gaussian(schedule), grid(schedule, 10)
    x = y = torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None]
    lam = [math.log(level.alpha / level.sigma) for level in levels[:-1]]
    data: list[torch.Tensor] = []
    for i, state in enumerate(dpmpp_2m(oracle, x, levels), start=1):
        data.append(oracle(y, levels[i - 1].t).x0)
        if i == 10:
            y = data[-1]
        else:
            h = lam[i] - lam[i - 1]
            extrapolated = data[-1]
            if i > 1:
                r = (lam[i - 1] - lam[i - 2]) / h
                extrapolated = (1 + 1 / (2 * r)) * data[-1] - 1 / (2 * r) * data[-2]
            scale = levels[i].sigma / levels[i - 1].sigma
            y = scale * y - levels[i].alpha * (math.exp(-h) - 1) * extrapolated
        assert torch.allclose(state.x, y, rtol=1e-10, atol=1e-10)


def test_the_first_step_is_ddim(gaussian: Any) -> None:
    schedule = cosine()
    oracle, levels = gaussian(schedule), grid(schedule, 10)
    x = torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None]
    assert torch.allclose(next(dpmpp_2m(oracle, x, levels)).x, next(ddim(oracle, x, levels)).x, atol=1e-10)


def test_the_first_stochastic_step_is_ddpm(gaussian: Any) -> None:
    schedule = exponential()
    oracle, levels = gaussian(schedule), grid(schedule, 10)
    x = torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None]
    first, second = (next(run(oracle, x, levels, noise=SampleNoise(0, 5, (1,), dtype=DOUBLE))).x
                     for run in (dpmpp_2m_sde, ddpm))
    assert torch.allclose(first, second, atol=1e-12)
