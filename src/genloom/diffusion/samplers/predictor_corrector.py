"""Predictor–corrector sampling: a step of the reverse process, then Langevin steps at the new noise level."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.ddpm import posterior
from genloom.diffusion.samplers.require import noise_for
from genloom.diffusion.samplers.state import State, shared
from genloom.diffusion.schedule import Level
from genloom.errors import InputError
from genloom.rng import Noise


def predictor_corrector(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
                        correct: int = 1, snr: float = 0.16) -> Iterator[State]:
    """Each step of `ddpm_large` is followed by Langevin steps x ← x + e·score + √(2e) z. [Song et al. 2021, Alg. 2, 3]

    Their step is e = 2 (r ‖z‖/‖score‖)², where the norms are means over the batch: that couples the samples and lets e
    depend on the z that it scales. Here the norms are √d and √d/σ, which they are on average for pure noise:

        e = 2 (r σ)²

    correct   Langevin steps at each level
    snr       r, in (0, 1): stable because e < 2σ²

    Errors: `InputError` without noise, for r outside (0, 1), or a negative `correct`.
    """
    draw = noise_for("predictor-corrector", noise)
    if not 0 < snr < 1:
        raise InputError("sampling.snr", snr, "in (0, 1): Langevin diverges for steps of 2σ² or more")
    if correct < 0:
        raise InputError("sampling.correct", correct, "at least 0")
    for now, then in pairwise(shared(levels)):
        x0, _ = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        q = posterior(now, then)
        x = torch.add(torch.add(q.keep * x, x0, alpha=q.data), draw(), alpha=q.large**0.5)
        for _ in range(correct):
            x0, eps = denoiser(x, then.t)
            x = torch.add(torch.add(x, eps, alpha=-2 * snr**2 * then.sigma), draw(), alpha=2 * snr * then.sigma)
        yield State(then, x, x0)
