"""EDM's stochastic sampler."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch

from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.edm_stochastic import edm_stochastic
from genloom.diffusion.samplers.heun import heun
from genloom.diffusion.schedule import EDM, cosine, exponential
from genloom.errors import InputError
from genloom.rng import SampleNoise

DOUBLE = torch.float64


def _noise(count: int = 5) -> SampleNoise:
    return SampleNoise(0, count, (1,), dtype=DOUBLE)


def test_without_churn_it_is_heun(gaussian: Any) -> None:
    schedule = cosine()
    oracle, levels = gaussian(schedule), grid(schedule, 10)
    x = torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None]
    for options in ({"s_churn": 0.0}, {"s_min": 1e9}, {"s_max": 1e-9}):
        runs = (edm_stochastic(oracle, x, levels, noise=_noise(), **options), heun(oracle, x, levels))
        for a, b in zip(*runs, strict=True):
            assert torch.equal(a.x, b.x)


def test_it_is_algorithm_2_line_by_line(gaussian: Any) -> None:
    schedule = EDM(0.02, 10.0)
    oracle, levels, steps = gaussian(schedule), grid(schedule, 8, "karras"), 8
    churn, low, high, inflate = 2.0, 0.05, 5.0, 1.007
    x = y = oracle.start(levels[0], torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None])
    draw = _noise()
    run = edm_stochastic(oracle, x, levels, noise=_noise(), s_churn=churn, s_min=low, s_max=high, s_noise=inflate)
    for (now, then), state in zip(pairwise(levels), run, strict=True):
        gamma = min(churn / steps, math.sqrt(2) - 1) if low <= now.sigma <= high else 0
        hat = now.sigma * (1 + gamma)
        if gamma:
            y = y + math.sqrt(hat**2 - now.sigma**2) * inflate * draw()
        d = (y - oracle(y, hat / 10).x0) / hat
        ahead = y + (then.sigma - hat) * d
        if then.sigma != 0:
            ahead = y + (then.sigma - hat) * (d + (ahead - oracle(ahead, then.t).x0) / then.sigma) / 2
        y = ahead
        assert torch.allclose(state.x, y, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("make", [exponential, cosine])
def test_the_denoiser_is_never_asked_beyond_t_1(make: Any, gaussian: Any) -> None:
    schedule = make()
    oracle, asked = gaussian(schedule), []

    class Watching:
        def __init__(self) -> None:
            self.schedule = schedule

        def __call__(self, x: torch.Tensor, t: float) -> Any:
            asked.append(t)
            return oracle(x, t)

    list(edm_stochastic(Watching(), torch.zeros(5, 1, dtype=DOUBLE), grid(schedule, 50), noise=_noise()))
    assert max(asked) == 1
    assert min(asked) > 0


def test_noise_raises_the_spread_to_that_of_the_higher_level(gaussian: Any) -> None:
    """At one step from level t the input of the denoiser must have the spread of ρ̂, whatever α is."""
    schedule = cosine()
    oracle = gaussian(schedule, 0.0, 0.5)
    now, then = schedule.levels([0.5, 0.4])
    seen = []

    class Watching:
        def __init__(self) -> None:
            self.schedule = schedule

        def __call__(self, x: torch.Tensor, t: float) -> Any:
            seen.append((x.std().item(), oracle.spread(schedule.level(t))))
            return oracle(x, t)

    x = oracle.start(now, SampleNoise(3, 50_000, (1,), dtype=DOUBLE)())
    next(edm_stochastic(Watching(), x, [now, then], noise=_noise(50_000)))
    assert seen[0][0] == pytest.approx(seen[0][1], rel=4 * 0.5**0.5 / 50_000**0.5)
    assert seen[0][1] > oracle.spread(now)


@pytest.mark.parametrize("option", ["s_churn", "s_min", "s_max", "s_noise"])
def test_negative_options_are_refused(option: str, gaussian: Any) -> None:
    for value in (-1.0, math.nan):
        with pytest.raises(InputError, match=option):
            next(edm_stochastic(gaussian(EDM()), torch.zeros(5, 1), grid(EDM(), 4), noise=_noise(), **{option: value}))
