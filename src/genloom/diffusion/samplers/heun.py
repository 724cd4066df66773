"""The deterministic second-order sampler of EDM."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.require import signal
from genloom.diffusion.samplers.state import SharedLevel, State, shared
from genloom.diffusion.schedule import Level
from genloom.rng import Noise


def heun(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None) -> Iterator[State]:
    """Heun's method for dx̃/dρ = ε̂, x̃ = x/α, ρ = σ/α; the step to clean data is Euler's. [Karras et al. 2022, Alg. 1]

        d  = ε̂(x̃, t)
        x̃' = x̃ + (ρ_s − ρ_t) d
        x̃  ← x̃ + (ρ_s − ρ_t) (d + ε̂(x̃', s))/2

    It asks the denoiser twice a step.

    Errors: `InputError` where α = 0.
    """
    signal("heun", levels)
    for now, then in pairwise(shared(levels)):
        x0, eps = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        x = heun_step(denoiser, x, eps, now, then)
        yield State(then, x, x0)


def heun_step(denoiser: Denoiser, x: Tensor, eps: Tensor, now: SharedLevel, then: SharedLevel) -> Tensor:
    """From x at level `now`, where the noise is `eps`, to level `then`."""
    keep, step = then.alpha / now.alpha, then.sigma - then.alpha * now.sigma / now.alpha
    ahead = denoiser(torch.add(keep * x, eps, alpha=step), then.t).eps
    return torch.add(keep * x, eps + ahead, alpha=step / 2)
