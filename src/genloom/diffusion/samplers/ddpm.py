"""DDPM's ancestral sampling, with the smaller or the larger of its two variances."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.require import noise_for
from genloom.diffusion.samplers.state import SharedLevel, State, shared
from genloom.diffusion.schedule import Level
from genloom.rng import Noise

Guide = Callable[[Tensor, float], Tensor]
"""(x_t, t) -> s ∇ log p(y | x_t), the scale included, of x's shape: `guidance.classifier_gradient` makes one."""


class Posterior(NamedTuple):
    """q(x_s | x_t, x0) = N(keep·x_t + data·x0, small), beside the variance `large` of q(x_t | x_s)."""

    keep: float
    data: float
    small: float
    large: float


def posterior(now: SharedLevel, then: SharedLevel) -> Posterior:
    """The step from t to s < t of the process, given its end. [Ho et al. 2020, Eq. 6 and 7, for any α and σ]

    large = σ_t² − (α_t/α_s)² σ_s²      β_t where α² + σ² = 1; σ_t² − σ_s² where α = 1
    keep  = (α_t/α_s) (σ_s/σ_t)²
    data  = α_s large/σ_t²
    small = large (σ_s/σ_t)²            β_t (1 − ᾱ_s)/(1 − ᾱ_t)
    """
    ratio, shrink = now.alpha / then.alpha, (then.sigma / now.sigma) ** 2
    large = now.sigma**2 - (ratio * then.sigma) ** 2
    return Posterior(ratio * shrink, then.alpha * large / now.sigma**2, large * shrink, large)


def ddpm(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
         guide: Guide | None = None) -> Iterator[State]:
    """x_s ~ q(x_s | x_t, x̂0): the small variance, exact for data that are a single point. [Ho et al. 2020, Alg. 2]

    With few steps samples lack spread: `ddpm_large` has too much.

    guide   shifts the mean by the variance times the gradient: x_s ~ N(μ + s Σ ∇ log p(y | x_t), Σ). The gradient is
            taken at x_t and at its t, as the algorithm and its authors' code have it; their derivation expands around
            μ (Eq. 5), which is the same to first order in the step. The last step has Σ = 0 and no shift.
            [Dhariwal & Nichol 2021, Alg. 1]

    Errors: `InputError` without noise.
    """
    return _ancestral(denoiser, x, levels, noise_for("ddpm", noise), guide, large=False)


def ddpm_large(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
               guide: Guide | None = None) -> Iterator[State]:
    """The mean of q(x_s | x_t, x̂0) with the variance of q(x_t | x_s): the large variance, β_t. [Ho et al. 2020, §3.2]

    For white data of variance 1 it is exact where α² + σ² = 1.

    guide   as in `ddpm`, with Σ the large variance

    Errors: `InputError` without noise.
    """
    return _ancestral(denoiser, x, levels, noise_for("ddpm-large", noise), guide, large=True)


def _ancestral(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], noise: Noise, guide: Guide | None, *,
               large: bool) -> Iterator[State]:
    for now, then in pairwise(shared(levels)):
        x0, _ = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        q = posterior(now, then)
        variance = q.large if large else q.small
        mean = torch.add(q.keep * x, x0, alpha=q.data)
        if guide is not None:
            mean = torch.add(mean, guide(x, now.t), alpha=variance)
        x = torch.add(mean, noise(), alpha=variance**0.5)
        yield State(then, x, x0)
