"""EDM's deterministic sampler."""

from itertools import pairwise
from typing import Any

import torch

from genloom.diffusion.grid import grid
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


def test_it_asks_twice_a_step_and_once_at_the_last(gaussian: Any) -> None:
    schedule = cosine()
    oracle, asked = gaussian(schedule), []

    class Counting:
        def __init__(self) -> None:
            self.schedule = schedule

        def __call__(self, x: torch.Tensor, t: float) -> Any:
            asked.append(t)
            return oracle(x, t)

    list(heun(Counting(), torch.zeros(1, 1, dtype=DOUBLE), grid(schedule, 18)))
    assert len(asked) == 2 * 18 - 1
    assert min(asked) > 0, "σ(0) must never be asked for"
