"""Denoising losses. Every weight is one factor on the squared error of the output, converted by the row's determinant.

An error e of the output is an error (α/det)·e of ε and −(σ/det)·e of x0 (`prediction.determinant`), so a weight that a
paper states for noise or for data prediction holds for every prediction: v gets its SNR + 1 without being told.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.prediction import Row, determinant, expand, target
from genloom.diffusion.schedule import Level, Schedule, Time
from genloom.errors import InputError, UnknownName

Weight = Callable[[Level, Row], Time]
"""The factor of the squared error of an output of this row, at a level."""

Distance = Callable[[Tensor], Tensor]
"""A distance of each coordinate from 0."""

WEIGHTS = ("simple", "noise", "elbo", "min-snr", "velocity", "edm")
DISTANCES: dict[str, Distance] = {
    "l2": torch.square,
    "l1": torch.abs,
    "huber": lambda error: torch.where(error.abs() < 1, 0.5 * error.square(), error.abs() - 0.5),
}
REDUCTIONS = ("mean", "half-sum")


def simple(level: Level, row: Row) -> Time:
    """1 on the output, whatever it is. [Ho et al. 2020, Eq. 14]"""
    return 1.0


def noise(level: Level, row: Row) -> Time:
    """1 on ε: (α/det)². For the score this is σ², the weight of [Song & Ermon 2019, Eq. 6]."""
    return (level.alpha / determinant(level, row)) ** 2


def data(level: Level, row: Row) -> Time:
    """1 on x0: (σ/det)²."""
    return (level.sigma / determinant(level, row)) ** 2


def min_snr(gamma: float = 5.0) -> Weight:
    """min(SNR, γ) on x0: for noise prediction min(1, γ/SNR), for v min(SNR, γ)/(SNR + 1). [Hang et al. 2023, Eq. 8]

    Errors: `InputError` for γ ≤ 0.
    """
    _positive(gamma)
    return lambda level, row: _at_most(_snr(level), gamma) * data(level, row)


def velocity(gamma: float = 5.0) -> Weight:
    """min(SNR + 1, γ) on x0: 1 on v up to SNR = γ − 1, and bounded beyond: an error of x0 counts γ at most.

    The weight of v for a network that answers with x0; γ = 400 is σ ≥ .05 where α² + σ² = 1. [Li & He 2025, section 4]

    Errors: `InputError` for γ ≤ 0.
    """
    _positive(gamma)
    return lambda level, row: _at_most(_snr(level) + 1, gamma) * data(level, row)


def edm(sigma_data: float = 1.0) -> Weight:
    """(ρ² + σ_d²)/(ρσ_d)² on x0, ρ = σ/α, so that EDM's F has weight 1. [Karras et al. 2022, Table 1, λ]

    Errors: `InputError` for σ_d ≤ 0.
    """
    if sigma_data <= 0:
        raise InputError("diffusion.sigma_data", sigma_data, "positive")
    return lambda level, row: (_snr(level) + sigma_data**-2) * data(level, row)


def elbo(schedule: Schedule, steps: int | None = None) -> Weight:
    """The likelihood bound's weight on x0, (T/2)·[SNR(t − 1/T) − SNR(t)]. [Kingma et al. 2021, Eq. 14]

    Its mean over t ∈ {1/T, …, 1} of the summed squared errors is the bound's diffusion term in nats. For noise
    prediction on a variance-preserving table it is T times β²/(2 σ̃² α_t (1 − ᾱ_t)), [Ho et al. 2020, Eq. 12], with the
    small variance σ̃² = β (1 − ᾱ_s)/(1 − ᾱ_t). Where no noise is left at t − 1/T it is (T/2)·SNR(t), which is that of a
    Gaussian decoder of variance σ²/α².

    steps   T, of a schedule without a table; 1000 by default
    """
    count = schedule.steps or steps or 1000

    def weight(level: Level, row: Row) -> Time:
        earlier = torch.as_tensor(level.t, dtype=torch.float64) - 1 / count
        before = schedule.level(earlier.clamp(min=0))
        return 0.5 * count * snr_step(before, level) * data(level, row)

    return weight


def snr_step(before: Level, level: Level) -> Tensor:
    """SNR(s) − SNR(t), or SNR(t) where σ(s) = 0, float64."""
    a, s, later = (torch.as_tensor(value, dtype=torch.float64) for value in (before.alpha, before.sigma, _snr(level)))
    clean = s == 0
    return torch.where(clean, later, (a / torch.where(clean, 1.0, s)) ** 2 - later)


def loss_weight(name: str, schedule: Schedule, *, gamma: float = 5.0, sigma_data: float = 1.0,
                steps: int | None = None) -> Weight:
    """The weight of that name, one of `WEIGHTS`."""
    if name not in WEIGHTS:
        raise UnknownName("diffusion.weight", name, WEIGHTS)
    match name:
        case "elbo":
            return elbo(schedule, steps)
        case "min-snr":
            return min_snr(gamma)
        case "velocity":
            return velocity(gamma)
        case "edm":
            return edm(sigma_data)
    return {"simple": simple, "noise": noise}[name]


def denoising_loss(denoiser: NetworkDenoiser, x0: Tensor, eps: Tensor, t: Tensor, *, weight: Weight = simple,
                   distance: str = "l2", reduction: str = "mean") -> Tensor:
    """d(√w · (output − target)) for x_t = α x0 + σ ε, reduced over the coordinates of each sample: shape (B,), float32.

    With d = l2 that is w·(output − target)²; with weight `noise`, l1 is the absolute error of ε for every prediction.
    Weight `noise` with `half-sum` on the score is ½‖σ s + ε‖². [Vincent 2011, Eq. 11; Song & Ermon 2019, Eq. 5]

    x0, eps     data and noise, shape (B, …)
    t           times, shape (B,)
    distance    l2, l1 or huber (δ = 1)
    reduction   mean, or half the sum

    Errors: `UnknownName` for another distance or reduction.
    """
    if distance not in DISTANCES:
        raise UnknownName("diffusion.distance", distance, list(DISTANCES))
    if reduction not in REDUCTIONS:
        raise UnknownName("diffusion.reduction", reduction, REDUCTIONS)
    level = denoiser.schedule.level(t)
    x = expand(level.alpha, x0) * x0 + expand(level.sigma, x0) * eps
    output = denoiser.output(x, level).to(x0.dtype)  # under autocast the network answers in bfloat16
    error = output - target(x0, eps, level, denoiser.row)
    scale = weight(level, denoiser.row) ** 0.5
    each = DISTANCES[distance](expand(scale, error) * error).flatten(1)
    return each.mean(1) if reduction == "mean" else 0.5 * each.sum(1)


def _snr(level: Level) -> Time:
    return (level.alpha / level.sigma) ** 2


def _at_most(value: Time, limit: float) -> Time:
    return value.clamp(max=limit) if isinstance(value, Tensor) else min(value, limit)


def _positive(gamma: float) -> None:
    if gamma <= 0:
        raise InputError("diffusion.gamma", gamma, "positive", "pass --diffusion.gamma 5")
