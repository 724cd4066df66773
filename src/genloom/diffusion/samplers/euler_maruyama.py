"""Euler–Maruyama on the reverse-time stochastic differential equation."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import log

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.require import noise_for, signal
from genloom.diffusion.samplers.state import State, shared
from genloom.diffusion.schedule import Level
from genloom.rng import Noise


def euler_maruyama(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *,
                   noise: Noise | None = None) -> Iterator[State]:
    """dx = [f x − g² score] dt + g dw̄ with state and score frozen over a step. [Song et al. 2021, Eq. 6]

        x_s = x − F x − (G/σ_t) ε̂ + √G z,    F = ∫ f dt = log α_t/α_s,  G = ∫ g² dt, both from s to t

    f and g are integrated exactly, so the noise has the variance of the true path's increments however long the step:
    G = log ᾱ_s/ᾱ_t where α² + σ² = 1, and σ_t² − σ_s² where α = 1, where the step is that of `ddpm_large`.

    Errors: `InputError` without noise, or where α = 0.
    """
    draw = noise_for("euler-maruyama", noise)
    signal("euler-maruyama", levels)
    times = torch.tensor([level.t for level in levels], dtype=torch.float64)
    variances = denoiser.schedule.variance_added(times[1:], times[:-1]).tolist()
    for (now, then), variance in zip(pairwise(shared(levels)), variances, strict=True):
        x0, eps = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        drift = torch.add((1 - log(now.alpha / then.alpha)) * x, eps, alpha=-variance / now.sigma)
        x = torch.add(drift, draw(), alpha=variance**0.5)
        yield State(then, x, x0)
