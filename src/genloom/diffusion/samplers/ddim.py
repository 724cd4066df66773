"""DDIM: deterministic at η = 0, where it is the exponential Euler step of every schedule; DDPM at η = 1."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.require import noise_for
from genloom.diffusion.samplers.state import State, shared
from genloom.diffusion.schedule import Level
from genloom.errors import InputError
from genloom.rng import Noise


def ddim(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
         eta: float = 0.0) -> Iterator[State]:
    """x_s = α_s x̂0 + √(σ_s² − σ̃²) ε̂ + σ̃ z, with σ̃² = η² σ_s² (1 − (α_t σ_s)² / (α_s σ_t)²).

    Where α² + σ² = 1, σ̃² is η² (1 − ᾱ_s)/(1 − ᾱ_t) (1 − ᾱ_t/ᾱ_s). At η = 1 the step is the posterior of DDPM, with its
    small variance. [Song, Meng & Ermon 2021, Eq. 12 and 16]

    Errors: `InputError` for η outside [0, 1], or η > 0 without noise.
    """
    if not 0 <= eta <= 1:
        raise InputError("sampling.eta", eta, "in [0, 1]", "0 is DDIM, 1 is DDPM")
    draw = noise_for("ddim with eta > 0", noise) if eta > 0 else None
    for now, then in pairwise(shared(levels)):
        x0, eps = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        ratio = (now.alpha * then.sigma) / (then.alpha * now.sigma)
        added = eta * then.sigma * (1 - ratio**2) ** 0.5
        x = torch.add(then.alpha * x0, eps, alpha=(then.sigma**2 - added**2) ** 0.5)
        if draw is not None:
            x = torch.add(x, draw(), alpha=added)
        yield State(then, x, x0)
