"""DDIM: the deterministic sampler of every schedule at η = 0, DDPM with the small variance at η = 1."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.state import State
from genloom.diffusion.schedule import Level
from genloom.errors import InputError
from genloom.rng import Noise


def ddim(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
         eta: float = 0.0) -> Iterator[State]:
    """x_s = α_s x̂0 + √(σ_s² − σ̃²) ε̂ + σ̃ z, σ̃ = η (σ_s/σ_t) √(1 − (α_t σ_s … )²) written for any schedule:

        σ̃² = η² σ_s² (1 − (α_t σ_s / (α_s σ_t))²)

    which is η² [(1−ᾱ_s)/(1−ᾱ_t)] [1 − ᾱ_t/ᾱ_s] when α² + σ² = 1. [Song et al. 2021, Eq. 12 and 16]

    Errors: `InputError` for η outside [0, 1], or η > 0 without noise.
    """
    if not 0 <= eta <= 1:
        raise InputError("sampling.eta", eta, "in [0, 1]", "0 is DDIM, 1 is DDPM")
    if eta > 0 and noise is None:
        raise InputError("noise", None, "given when eta > 0")
    for now, then in pairwise(levels):
        x0, eps = denoiser(x, now.t)
        ratio = (now.alpha * then.sigma) / (then.alpha * now.sigma)
        added = eta * then.sigma * max(0.0, 1 - ratio**2) ** 0.5
        x = then.alpha * x0 + (then.sigma**2 - added**2) ** 0.5 * eps
        if added and noise is not None:
            x = x + added * noise()
        yield State(then, x, x0)
