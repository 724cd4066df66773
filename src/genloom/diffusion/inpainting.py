"""Sampling the hidden part of data with an unconditional model: RePaint, and guidance through x̂0.

Known is x0 where the mask is 1. None of these is exact for every data: `oracle.posterior.condition` is, where it
exists. `guidance.masked` is the heuristic that looks at x_t instead of x̂0.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.guidance import Guided, from_eps
from genloom.diffusion.prediction import Estimate, expand
from genloom.diffusion.samplers.ddpm import posterior
from genloom.diffusion.samplers.require import noise_for, non_negative
from genloom.diffusion.samplers.state import SharedLevel, State, shared
from genloom.diffusion.schedule import Level, Time
from genloom.errors import InputError
from genloom.rng import Noise

Spread = Callable[[Level], Time]
"""Variance of a coordinate of x0 given x_t, as a function of the level."""


def repaint(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, known: Tensor, mask: Tensor,
            noise: Noise | None = None, resamplings: int = 10, jump: int = 1) -> Iterator[State]:
    """DDPM whose known part is the observation, noised anew to each level; steps are repeated so that both parts agree.

        x_s = M ⊙ (α_s known + σ_s z) + (1 − M) ⊙ (x_s ~ q(x_s | x_t, x̂0))        [Lugmayr et al. 2022, Alg. 1]
        x_t = (α_t/α_s) x_s + √(σ_t² − (α_t/α_s)² σ_s²) z                          the way back, `resamplings` − 1 times

    Alg. 1 prints the known part with the variance where the deviation belongs, and at t where x is at s.

    known         the observation, of the shape of one sample or of the batch; its value where M = 0 does not matter
    mask          M, 1 where known and 0 where hidden, broadcast over `known`
    resamplings   U ≥ 1, how often each stretch is walked; the denoiser is called U times for each step
    jump          j ≥ 1, steps of a stretch; as in the authors' code the last one, to clean data, is repeated too

    Once without noise, the known part is the observation itself. A hidden part approaches p(hidden | known) as the
    resamplings grow and the steps shrink; with U = 1 it hardly knows what it is beside.

    Errors: `InputError` without noise, for U < 1 or j < 1, a mask that is not 0 or 1, or a non-finite observation.
    """
    draw, seen = noise_for("repaint", noise), observed(known, mask)
    if resamplings < 1:
        raise InputError("resamplings", resamplings, "at least 1")
    if jump < 1:
        raise InputError("jump", jump, "at least 1")
    path = shared(levels)
    edges = [0, *range((len(path) - 2) % jump + 1, len(path), jump)]  # a shorter one comes first, where all is noise
    stretches = [path[low : high + 1] for low, high in pairwise(edges)]
    return _stretches(denoiser, x, stretches, seen, mask, draw, resamplings)


def _stretches(denoiser: Denoiser, x: Tensor, stretches: Sequence[Sequence[SharedLevel]], seen: Tensor, mask: Tensor,
               draw: Noise, resamplings: int) -> Iterator[State]:
    for stretch in stretches:
        for again in range(resamplings):
            if again:
                back = posterior(stretch[0], stretch[-1])
                x = torch.add(stretch[0].alpha / stretch[-1].alpha * x, draw(), alpha=back.large**0.5)
            for now, then in pairwise(stretch):
                x0, _ = denoiser(x, now.t)
                x = torch.where(mask.to(x) == 1, _noised(seen.to(x), then, draw), _ancestor(x, x0, now, then, draw))
                yield State(then, x, x0)


def _noised(x0: Tensor, level: SharedLevel, draw: Noise) -> Tensor:
    return x0 if level.sigma == 0 else torch.add(level.alpha * x0, draw(), alpha=level.sigma)


def _ancestor(x: Tensor, x0: Tensor, now: SharedLevel, then: SharedLevel, draw: Noise) -> Tensor:
    """x_s ~ q(x_s | x_t, x̂0), with the small variance."""
    if then.sigma == 0:
        return x0
    q = posterior(now, then)
    return torch.add(torch.add(q.keep * x, x0, alpha=q.data), draw(), alpha=q.small**0.5)


def dps(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, known: Tensor, mask: Tensor,
        noise: Noise | None = None, zeta: float = 1.0) -> Iterator[State]:
    """DDPM whose every step is pulled to the observation through x̂0. [Chung et al. 2023, Alg. 1]

        x_s ~ q(x_s | x_t, x̂0(x_t)),   then   x_s ← x_s − (ζ/‖r‖) ∇_{x_t} ‖r‖²,   r = (known − x̂0(x_t)) ⊙ M

    So a step moves by 2ζ ‖∇‖r‖‖ whatever the misfit, and fewer steps need a larger ζ. The norm is each sample's own.
    (The authors' code takes one norm for the batch, and leaves out the 2.)

    known, mask   as for `repaint`
    zeta          ζ ≥ 0; the paper has 0.1 to 1 at 1000 steps

    Errors: `InputError` without noise, for ζ < 0, a mask that is not 0 or 1, or a non-finite observation.
    """
    draw, seen = noise_for("dps", noise), observed(known, mask)
    non_negative("zeta", zeta)
    return _pulled(denoiser, x, shared(levels), seen, mask, draw, zeta)


def _pulled(denoiser: Denoiser, x: Tensor, levels: Sequence[SharedLevel], seen: Tensor, mask: Tensor, draw: Noise,
            zeta: float) -> Iterator[State]:
    for now, then in pairwise(levels):
        estimate, misfit, gradient = _misfit(denoiser, x, now, seen, mask)
        length = misfit.sqrt().clamp(min=torch.finfo(x.dtype).tiny ** 0.5)
        x = torch.sub(_ancestor(x, estimate.x0, now, then, draw), expand(zeta / length, x) * gradient)
        yield State(then, x, estimate.x0)


def posterior_guided(denoiser: Denoiser, known: Tensor, mask: Tensor, *, noise: float = 0.0,
                     spread: Spread | None = None) -> Denoiser:
    """Guidance by p(known | x_t) ≈ N(known; x̂0(x_t), s² + r²) where the mask is 1, so that any sampler takes it.

        ε̂ = ε + σ ∇_{x_t} ‖(known − x̂0(x_t)) ⊙ M‖² / (2 (s² + r_t²))

    r² = 0 is DPS without its step size [Chung et al. 2023, Eq. 16]; r² = σ²/(α² + σ²), the default, is that of
    pseudoinverse guidance [Song, Vahdat, Mardani & Kautz 2023]. For Gaussian data and one observed coordinate whose
    variance given x_t is r², it is the exact posterior.

    known, mask   as for `repaint`
    noise         s ≥ 0, the standard deviation of the observation
    spread        r² at a level; with s = 0 it must be positive wherever σ is

    Errors: `InputError` for s < 0, a mask that is not 0 or 1, or a non-finite observation.
    """
    seen = observed(known, mask)
    non_negative("noise", noise)
    law = white_spread() if spread is None else spread

    def estimate(x: Tensor, level: Level) -> Estimate:
        found, _, gradient = _misfit(denoiser, x, level, seen, mask)
        factor = level.sigma / (2 * (noise**2 + law(level)))
        return from_eps(x, found.eps + expand(factor, x) * gradient, level)

    return Guided(denoiser.schedule, estimate)


def white_spread(std: float = 1.0) -> Spread:
    """Var[x0 | x_t] of white Gaussian data of standard deviation d: d² σ²/(α² d² + σ²)."""
    return lambda level: std**2 * level.sigma**2 / (level.alpha**2 * std**2 + level.sigma**2)


def _misfit(denoiser: Denoiser, x: Tensor, level: Level, seen: Tensor, mask: Tensor) -> tuple[Estimate, Tensor, Tensor]:
    """The estimate at x, each sample's ‖r‖² (B,), and its gradient at x."""
    with torch.enable_grad():
        at = x.detach().requires_grad_()
        found = denoiser(at, level.t)
        misfit = ((seen.to(at) - found.x0) * mask.to(at)).square().flatten(1).sum(1)
        (gradient,) = torch.autograd.grad(misfit.sum(), at)
    return Estimate(found.x0.detach(), found.eps.detach()), misfit.detach(), gradient


def observed(known: Tensor, mask: Tensor) -> Tensor:
    """The observation with 0 where it is hidden.

    Errors: `InputError` for a mask that is not 0 or 1, or an observation that is not finite where it is seen.
    """
    if not bool(((mask == 0) | (mask == 1)).all()):
        raise InputError("mask", "neither 0 nor 1 somewhere", "1 where known and 0 where hidden")
    seen = torch.where(mask == 1, known, torch.zeros_like(known))
    if not bool(seen.isfinite().all()):
        raise InputError("known", "a number that is not finite", "finite where the mask is 1")
    return seen
