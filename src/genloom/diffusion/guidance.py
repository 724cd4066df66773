"""Guidance: functions that take a denoiser and return one, so that every sampler takes them as they are.

A gradient g is added to the score. For x = α x0 + σ ε that is ε̂ = ε − σ g, and x̂0 follows from x, α, σ and ε̂.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.prediction import Estimate, expand
from genloom.diffusion.schedule import Level, Schedule, Time
from genloom.errors import InputError


@dataclass(frozen=True)
class Guided:
    """A denoiser made of a schedule and a function of (x, level)."""

    schedule: Schedule
    estimate: Callable[[Tensor, Level], Estimate]

    def __call__(self, x: Tensor, t: Time) -> Estimate:
        """The guided estimate."""
        return self.estimate(x, self.schedule.level(t))


def from_x0(x: Tensor, x0: Tensor, level: Level) -> Estimate:
    """The estimate with this x0, and the ε that goes with it: (x − α x0)/σ. At σ = 0 ε is 0."""
    sigma = torch.as_tensor(level.sigma, dtype=torch.float64)
    inverse = torch.where(sigma == 0, 0.0, 1 / sigma)
    return Estimate(x0, expand(inverse, x) * (x - expand(level.alpha, x) * x0))


def from_eps(x: Tensor, eps: Tensor, level: Level) -> Estimate:
    """The estimate with this ε, and the x0 that goes with it: (x − σ ε)/α.

    Errors: `InputError` at α = 0, where ε does not determine x0.
    """
    alpha = torch.as_tensor(level.alpha, dtype=torch.float64)
    if bool((alpha == 0).any()):
        raise InputError("t", level.t, "a time with α > 0 for guidance by a gradient", "start the grid below t = 1")
    return Estimate(expand(1 / alpha, x) * (x - expand(level.sigma, x) * eps), eps)


def classifier_free(conditional: Denoiser, unconditional: Denoiser, scale: float, *,
                    interval: tuple[float, float] | None = None) -> Denoiser:
    """unconditional + scale · (conditional − unconditional). [Ho & Salimans 2022, Eq. 6, with scale = 1 + w]

    scale      1 is plain conditional sampling and costs one evaluation, 0 is unconditional, above 1 extrapolates
    interval   the σ/α, lowest and highest, at which the scale applies; elsewhere it is 1. [Kynkäänniemi et al. 2024]

    Errors: `InputError` for a scale that is not finite, or an interval with low > high.
    """
    if not abs(scale) < float("inf"):
        raise InputError("guidance", scale, "finite", "1 is plain conditional sampling")
    if interval is not None and not interval[0] <= interval[1]:
        raise InputError("interval", interval, "(low, high) of σ/α with low ≤ high")
    if scale == 1:
        return conditional

    def estimate(x: Tensor, level: Level) -> Estimate:
        inside = _within(level, interval)
        if not inside.any():
            return conditional(x, level.t)
        if scale == 0 and inside.all():
            return unconditional(x, level.t)
        told, free = conditional(x, level.t), unconditional(x, level.t)
        factor = expand(1 + (scale - 1) * inside.double(), x)
        return Estimate(free.x0 + factor * (told.x0 - free.x0), free.eps + factor * (told.eps - free.eps))

    return Guided(conditional.schedule, estimate)


def autoguidance(denoiser: Denoiser, worse: Denoiser, scale: float, *,
                 interval: tuple[float, float] | None = None) -> Denoiser:
    """worse + scale · (denoiser − worse): a model guided away from the errors of a bad version of itself.

    The bad version is smaller, or trained for less time, on the same data and, for a conditional model, told the same
    classes: it makes the same errors, only larger, and the difference points away from them. Where its error is k times
    the model's, the scale k/(k − 1) takes all of it away. Unlike classifier-free guidance it needs no classes and does
    not trade away variety for them. [Karras et al. 2024, Eq. 3, w = scale]

    scale      1 is the model itself and costs one evaluation, above 1 extrapolates
    interval   the σ/α, lowest and highest, at which the scale applies

    Errors: `InputError` for another schedule of the bad version; scale and interval as `classifier_free`.
    """
    times = torch.linspace(max(denoiser.schedule.first, worse.schedule.first), 1, 5, dtype=torch.float64)
    mine, other = (each.schedule.level(times) for each in (denoiser, worse))
    if not all(torch.allclose(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(mine, other, strict=True)):
        raise InputError("worse", worse.schedule, f"a model of the same schedule, {denoiser.schedule}",
                         "train the bad version with the same schedule")
    return classifier_free(denoiser, worse, scale, interval=interval)


LogProb = Callable[[Tensor, Time], Tensor]
"""(x_t, t) -> log p(y | x_t) of each sample, shape (B,): a classifier of noisy data, asked for one class each."""


def classifier(denoiser: Denoiser, log_prob: LogProb, scale: float = 1.0) -> Denoiser:
    """ε̂ = ε − s √(1 − ᾱ_t) ∇ log p(y | x_t), with the gradient at x_t, and σ for √(1 − ᾱ) on every schedule.

    [Dhariwal & Nichol 2021, Alg. 2, with the scale s that its printed form leaves out]

    It takes `log_prob` at the sampler's own t, so on a re-spaced grid it is the re-spaced one. The ancestral samplers
    can have the same gradient as a shift of their mean instead: `classifier_gradient`. With the exact classifier s = 1
    gives p(x | y); above 1 samples go beyond p(x) p(y | x)^s, whose noised versions have another score.
    [Du et al. 2023, §3.1]
    """
    gradient = classifier_gradient(log_prob, scale)

    def estimate(x: Tensor, level: Level) -> Estimate:
        pull = gradient(x, level.t)
        return from_eps(x, denoiser(x, level.t).eps - expand(level.sigma, x) * pull, level)

    return Guided(denoiser.schedule, estimate)


def classifier_gradient(log_prob: LogProb, scale: float = 1.0) -> Callable[[Tensor, Time], Tensor]:
    """s ∇ log p(y | x_t) at x_t: the `guide` of the samplers ddpm and ddpm-large. [Dhariwal & Nichol 2021, Alg. 1]"""
    return lambda x, t: scale * _gradient(lambda at: log_prob(at, t), x)


def through(denoiser: Denoiser, log_prob: Callable[[Tensor], Tensor]) -> LogProb:
    """log p(y | x̂0(x_t)): a classifier of clean data as one of noisy data, through the denoiser.

    It is log p(y | E[x0 | x_t]), not log E[p(y | x0) | x_t], which the classifier of noisy data would be: the two agree
    as t → 0, and before that it is surer of itself than anyone can be.

    log_prob   x0 -> log p(y | x0) of each sample, shape (B,)
    """
    return lambda x, t: log_prob(denoiser(x, t).x0)


def clean_classifier(denoiser: Denoiser, log_prob: Callable[[Tensor], Tensor], scale: float = 1.0) -> Denoiser:
    """As `classifier`, for one that was trained on clean data: ∇ log p(y | x̂0(x_t)), `through` the denoiser."""
    return classifier(denoiser, through(denoiser, log_prob), scale)


def clipped(denoiser: Denoiser, low: float = -1.0, high: float = 1.0) -> Denoiser:
    """x̂0 clamped to [low, high], and ε re-derived from it, so that x = α x̂0 + σ ε̂ still holds.

    Errors: `InputError` unless low < high.
    """
    if not low < high:
        raise InputError("low, high", (low, high), "low < high")
    return Guided(denoiser.schedule, lambda x, level: from_x0(x, denoiser(x, level.t).x0.clamp(low, high), level))


Strength = Callable[[Level], Time]
"""λ at a level."""


def flat_strength(noise: float = 0.0) -> Strength:
    """λ = 1/(σ² + α² s²): exact where the data's prior is flat, since then x_t ~ N(α known, σ² + α² s²)."""
    return lambda level: 1 / (level.sigma**2 + (level.alpha * noise) ** 2)


def masked(denoiser: Denoiser, known: Tensor, mask: Tensor, *, noise: float = 0.0,
           strength: Strength | float | None = None) -> Denoiser:
    """Sampling from p(x0 | known): score − λ (x − α known) ⊙ M, as in S4.8.

    known      the observation, of the shape of one sample or of the batch; its value where M = 0 does not matter
    mask       M, 1 where a coordinate is observed and 0 elsewhere
    noise      s, the standard deviation of the observation
    strength   λ as a function of the level, or a constant: the text's p(known|x) ∝ exp(−‖(x − known) ⊙ M‖²) gives 2,
               a heuristic, since λ must fall with σ; `flat_strength(noise)` by default

    It is an approximation for any data that is not flat; `oracle.posterior.condition` has the exact answer.

    Errors: `InputError` for a negative noise, a mask that is not 0 or 1, or a non-finite observation.
    """
    if noise < 0:
        raise InputError("noise", noise, "at least 0")
    if not bool(((mask == 0) | (mask == 1)).all()):
        raise InputError("mask", mask.tolist(), "0 or 1 for each coordinate")
    if not bool(known[(mask == 1).expand(known.shape)].isfinite().all()):
        raise InputError("known", known.tolist(), "finite where the mask is 1")
    seen = torch.where(mask == 1, known, torch.zeros_like(known))
    law = flat_strength(noise) if strength is None else strength

    def estimate(x: Tensor, level: Level) -> Estimate:
        factor = law(level) if callable(law) else law
        pull = (x - expand(level.alpha, x) * seen.to(x)) * mask.to(x)
        return from_eps(x, denoiser(x, level.t).eps + expand(level.sigma * factor, x) * pull, level)

    return Guided(denoiser.schedule, estimate)


def rising(level: Level) -> Time:
    """1 − t: nothing at full noise, everything at the end."""
    return 1 - level.t


def toward(denoiser: Denoiser, target: Tensor, weight: Strength | float = rising) -> Denoiser:
    """Pulls samples to one point: x̂0 + w (target − x̂0), with ε re-derived; the score gains w α (target − x̂0)/σ².

    A weight that ends at 1 ends at the target; a constant w < 1 ends at (1 − w) x̂0 + w target, between it and the data.
    `masked` with all coordinates observed is the product of the two densities instead, and stays between them too.

    target   of the shape of one sample
    weight   w in [0, 1], of the level or constant
    """

    def estimate(x: Tensor, level: Level) -> Estimate:
        x0 = denoiser(x, level.t).x0
        return from_x0(x, x0 + expand(weight(level) if callable(weight) else weight, x) * (target.to(x) - x0), level)

    return Guided(denoiser.schedule, estimate)


def _within(level: Level, interval: tuple[float, float] | None) -> Tensor:
    sigma, alpha = (torch.as_tensor(value, dtype=torch.float64) for value in (level.sigma, level.alpha))
    if interval is None:
        return torch.ones_like(sigma, dtype=torch.bool)
    return (sigma >= interval[0] * alpha) & (sigma <= interval[1] * alpha)


def _gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    with torch.enable_grad():
        at = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(function(at).sum(), at)
    return gradient
