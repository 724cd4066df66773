"""Euler's method for the probability-flow equation, in ρ = σ/α and in t."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.require import signal
from genloom.diffusion.samplers.state import State, shared
from genloom.diffusion.schedule import Level
from genloom.rng import Noise


def euler(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None) -> Iterator[State]:
    """Euler in ρ = σ/α for x̃ = x/α, whose equation is dx̃/dρ = ε̂: x̃ ← x̃ + (ρ_s − ρ_t) ε̂. [Karras et al. 2022, Eq. 4]

    Written in x this is `ddim`, which needs no division by α.

    Errors: `InputError` where α = 0.
    """
    signal("euler", levels)
    for now, then in pairwise(shared(levels)):
        x0, eps = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        step = then.sigma / then.alpha - now.sigma / now.alpha
        x = then.alpha * torch.add(x / now.alpha, eps, alpha=step)
        yield State(then, x, x0)


def euler_t(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None) -> Iterator[State]:
    """Euler in t for dx/dt = α̇ x̂0 + σ̇ ε̂: x ← x + (s − t)(α̇ x̂0 + σ̇ ε̂).

    For σ = e^{5(t−1)} and T even steps it is x ← x + (5/T)(x̂0 − x): the distance to x̂0 is multiplied by 1 − 5/T where
    the exact factor is e^{−5/T}. At T = 5 that is 0, and at T ≤ 2 it grows. A last step to clean data is x̂0; a grid
    with `clean=False` keeps Euler's rule to the end.
    """
    times = torch.tensor([level.t for level in levels[:-1]], dtype=torch.float64)
    slopes = zip(*(column.tolist() for column in denoiser.schedule.slopes(times)), strict=True)
    for (now, then), (alpha_slope, sigma_slope) in zip(pairwise(shared(levels)), slopes, strict=True):
        x0, eps = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        step = then.t - now.t
        x = torch.add(torch.add(x, x0, alpha=step * alpha_slope), eps, alpha=step * sigma_slope)
        yield State(then, x, x0)
