"""A network is trained to output a·x0 + b·ε: a prediction is the row (a, b), and one 2×2 solve undoes any of them.

    x      = α x0 + σ ε
    output = a x0 + b ε          det = α b − σ a

A row is a function of a `Level`; a zero determinant means that the output does not determine x0 there.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.schedule import Level, Schedule, Time
from genloom.errors import InputError, UnknownName

Row = Callable[[Level], tuple[Time, Time]]
"""The coefficients (a, b) of a network's output at a level."""


class Estimate(NamedTuple):
    """The data and the noise that a denoiser believes x is made of: x = α·x0 + σ·eps."""

    x0: Tensor
    eps: Tensor


def solve(x: Tensor, output: Tensor, level: Level, row: Row) -> Estimate:
    """x0 = (b x − σ output)/det, ε = (α output − a x)/det; the coefficients are computed in float64."""
    a, b = row(level)
    det = level.alpha * b - level.sigma * a
    return Estimate(_combine(b / det, x, -level.sigma / det, output), _combine(-a / det, x, level.alpha / det, output))


def _combine(p: Time, x: Tensor, q: Time, y: Tensor) -> Tensor:
    """p·x + q·y in as few passes as numbers allow: a factor of 0 or 1, which most rows have, costs nothing."""
    if isinstance(p, Tensor) or isinstance(q, Tensor):
        return expand(p, x) * x + expand(q, x) * y
    if p == 0:
        return y if q == 1 else q * y
    scaled = x if p == 1 else p * x
    return scaled if q == 0 else torch.add(scaled, y, alpha=q)


def target(x0: Tensor, eps: Tensor, level: Level, row: Row) -> Tensor:
    """a·x0 + b·ε, which the network should output."""
    a, b = row(level)
    return expand(a, x0) * x0 + expand(b, x0) * eps


def determinant(level: Level, row: Row) -> Time:
    """α b − σ a. An error e of the output is an error (α/det)·e of ε and −(σ/det)·e of x0."""
    a, b = row(level)
    return level.alpha * b - level.sigma * a


def expand(value: Time, like: Tensor) -> Tensor | float:
    """A coefficient for each sample, (B,), as (B, 1, …) in the dtype of `like`; a number stays a number."""
    if isinstance(value, Tensor) and value.ndim:
        return value.to(like.dtype).reshape(-1, *(1,) * (like.ndim - 1))
    return float(value)


def noise(level: Level) -> tuple[Time, Time]:
    """ε. [Ho et al. 2020, Eq. 14]"""
    return 0.0, 1.0


def data(level: Level) -> tuple[Time, Time]:
    """x0."""
    return 1.0, 0.0


def velocity(level: Level) -> tuple[Time, Time]:
    """v = α ε − σ x0. [Salimans & Ho 2022, App. D]"""
    return -level.sigma, level.alpha


def flow(level: Level) -> tuple[Time, Time]:
    """ε − x0, the velocity of a rectified flow. [Liu et al. 2023, Eq. 1, with t = 0 at the data]"""
    return -1.0, 1.0


def score(level: Level) -> tuple[Time, Time]:
    """∇ log p_t(x) = −E[ε|x]/σ; needs σ > 0. [Vincent 2011; Song & Ermon 2019, Eq. 5]"""
    return 0.0, -1.0 / level.sigma


def posterior_mean(schedule: Schedule, steps: int | None = None) -> Row:
    """The mean of q(x_s | x_t, x0), s = t − 1/steps: the first choice of [Ho et al. 2020, Eq. 7 and 8].

    With r = (α_t/α_s) (σ_s/σ_t)² it is r·x_t + (α_s − r α_t)·x0. At t ≤ 1/steps, x_s is clean: r = 0.

    steps   the length of the chain: the table's own, or 1000 for a continuous schedule, unless given
    """
    count = steps or schedule.steps or 1000

    def row(level: Level) -> tuple[Time, Time]:
        before = _before(schedule, level.t - 1 / count)
        ratio = level.alpha / before.alpha * (before.sigma / level.sigma) ** 2
        return before.alpha, ratio * level.sigma

    return row


def _before(schedule: Schedule, t: Time) -> Level:
    """The level at t, which is clean from 0 down whatever σ(0) is: else the row's determinant would vanish there."""
    if not isinstance(t, Tensor):
        return schedule.level(t) if t > 0 else Level(0.0, 1.0, 0.0)
    level, clean = schedule.level(t.clamp(min=0)), t <= 0
    alpha, sigma = torch.as_tensor(level.alpha), torch.as_tensor(level.sigma)
    return Level(level.t, alpha.masked_fill(clean, 1.0), sigma.masked_fill(clean, 0.0))


def edm(sigma_data: float) -> Row:
    """EDM's F, where D = c_skip x + c_out F, for any α: (σ/σ_d, −α σ_d)/√(σ² + α²σ_d²). [Karras et al. 2022, Eq. 7]"""

    def row(level: Level) -> tuple[Time, Time]:
        scale = (level.sigma**2 + (level.alpha * sigma_data) ** 2) ** 0.5
        return level.sigma / (sigma_data * scale), -level.alpha * sigma_data / scale

    return row


PREDICTIONS = ("noise", "data", "velocity", "flow", "score", "posterior-mean", "edm")


def prediction(name: str, schedule: Schedule, *, sigma_data: float = 1.0) -> Row:
    """The row of that name.

    Errors: `UnknownName`, and `InputError` when its determinant vanishes at t = 1: noise and score prediction, whose
    determinants are α and −α/σ, at zero terminal SNR.
    """
    rows: dict[str, Row] = {
        "noise": noise, "data": data, "velocity": velocity, "flow": flow, "score": score,
        "posterior-mean": posterior_mean(schedule), "edm": edm(sigma_data),
    }
    if name not in rows:
        raise UnknownName("diffusion.prediction", name, PREDICTIONS)
    end = schedule.level(1.0)
    if float(determinant(end, rows[name])) == 0:
        raise InputError("diffusion.prediction", name, "one that determines x0 where α = 0 (zero terminal SNR)",
                         "use velocity, flow, data or edm, or a schedule that keeps some signal")
    return rows[name]


def as_tensor(value: Time, like: Tensor) -> Tensor:
    """A level's entry as a float64 tensor of shape (B,)."""
    count = like.shape[0]
    whole = value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64, device=like.device)
    return whole.double().expand(count) if whole.ndim == 0 else whole
