"""Euler–Maruyama on the reverse-time stochastic differential equation."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import log, log1p

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.require import noise_for, signal
from genloom.diffusion.samplers.state import SharedLevel, State, shared
from genloom.diffusion.schedule import Level
from genloom.rng import Noise


def euler_maruyama(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *,
                   noise: Noise | None = None) -> Iterator[State]:
    """dx = [f x − g² score] dt + g dw̄ with state and score frozen over a step. [Song et al. 2021, Eq. 6]

        x_s = x − F x − (G/σ_t) ε̂ + √G z,    F = ∫ f dt = log α_t/α_s,  G = ∫ g² dt, both from s to t

    f and g are integrated, so the noise has the variance of the true path's increments however long the step:
    G = log ᾱ_s/ᾱ_t where α² + σ² = 1, and σ_t² − σ_s² where α = 1, where the step is that of `ddpm_large`.

    Errors: `InputError` without noise, or where α = 0.
    """
    draw = noise_for("euler-maruyama", noise)
    signal("euler-maruyama", levels)
    for now, then in pairwise(shared(levels)):
        x0, eps = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        variance = variance_added(then, now)
        drift = torch.add((1 - log(now.alpha / then.alpha)) * x, eps, alpha=-variance / now.sigma)
        x = torch.add(drift, draw(), alpha=variance**0.5)
        yield State(then, x, x0)


def variance_added(early: SharedLevel, late: SharedLevel) -> float:
    """∫ g² dt = ∫ α² d(σ/α)² of the forward process between two levels.

        α_s² · log(1 + r)/r · (ρ_t² − ρ_s²),   r = α_s²/α_t² − 1,   ρ = σ/α

    This mean of α² is exact where α² + σ² = 1 and where α = 1; elsewhere its error is of second order in the step.
    """
    r = (early.alpha / late.alpha) ** 2 - 1
    mean = early.alpha**2 * (log1p(r) / r if r else 1.0)
    return float(mean * ((late.sigma / late.alpha) ** 2 - (early.sigma / early.alpha) ** 2))
