"""EDM's deterministic sampler."""

from itertools import pairwise
from typing import Any

import torch

from genloom.diffusion.grid import grid
from genloom.diffusion.guidance import from_x0
from genloom.diffusion.samplers.heun import heun
from genloom.diffusion.schedule import EDM, cosine

DOUBLE = torch.float64


def test_it_is_algorithm_1_line_by_line(gaussian: Any) -> None:
    schedule = EDM(0.02, 10.0)
    oracle, levels = gaussian(schedule), grid(schedule, 8, "karras")
    x = y = oracle.start(levels[0], torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None])
    for (now, then), state in zip(pairwise(levels), heun(oracle, x, levels), strict=True):
        d = (y - oracle(y, now.t).x0) / now.sigma
        ahead = y + (then.sigma - now.sigma) * d
        if then.sigma != 0:
            other = (ahead - oracle(ahead, then.t).x0) / then.sigma
            ahead = y + (then.sigma - now.sigma) * (d + other) / 2
        y = ahead
        assert torch.allclose(state.x, y, rtol=1e-12, atol=1e-12)


def test_it_asks_twice_a_step_and_once_at_the_last_and_at_one_from_far(gaussian: Any) -> None:
    schedule = cosine()
    oracle, asked = gaussian(schedule), []

    class Counting:
        def __init__(self) -> None:
            self.schedule = schedule

        def __call__(self, x: torch.Tensor, t: float) -> Any:
            asked.append(t)
            return oracle(x, t)

    list(heun(Counting(), torch.zeros(1, 1, dtype=DOUBLE), grid(schedule, 18)))
    assert len(asked) == 2 * 18 - 2, "σ/α falls from thousands to 11 in the first step"
    assert min(asked) > 0, "σ(0) must never be asked for"


def test_the_first_step_from_a_cosine_table_does_not_multiply_a_small_error_by_thousands(gaussian: Any) -> None:
    schedule = cosine(1000)
    levels = grid(schedule, 20)
    assert levels[0].sigma / levels[0].alpha > 100 * levels[1].sigma / levels[1].alpha
    oracle = gaussian(schedule)

    class Off:
        """A denoiser whose x̂0 is wrong by 0.1, in a direction that depends on the time; ε̂ goes with it."""

        def __init__(self) -> None:
            self.schedule = schedule

        def __call__(self, x: torch.Tensor, t: float) -> Any:
            wrong = oracle(x, t).x0 + 0.1 * torch.cos(torch.tensor(40 * t))
            return from_x0(x, wrong, schedule.level(t))

    x = oracle.start(levels[0], torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None])
    exact, rounded = ([*heun(denoiser, x, levels)][-1].x for denoiser in (oracle, Off()))
    assert (rounded - exact).abs().max() < 0.2
