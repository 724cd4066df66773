"""DPM-Solver++ (2M) and its stochastic sister: two-step methods in λ = log α/σ that extrapolate x̂0."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import expm1, log

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.require import noise_for, signal
from genloom.diffusion.samplers.state import SharedLevel, State, shared
from genloom.diffusion.schedule import Level
from genloom.rng import Noise


def log_ratio(level: SharedLevel) -> float:
    """λ = log α/σ, half the log SNR."""
    return log(level.alpha / level.sigma)


def dpmpp_2m(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None) -> Iterator[State]:
    """x_s = (σ_s/σ_t) x − α_s (e^{−h} − 1) D, h = λ_s − λ_t. [Lu et al. 2022b, Alg. 2]

        D = x̂0 + (x̂0 − x̂0')/(2r),  r = h'/h

    where ' is the step before; the first step has D = x̂0. The step to clean data is x̂0 itself.

    Errors: `InputError` where α = 0.
    """
    signal("dpmpp-2m", levels)
    history = _Extrapolation()
    for now, then in pairwise(shared(levels)):
        x0, _ = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        h = log_ratio(then) - log_ratio(now)
        x = torch.add(then.sigma / now.sigma * x, history(x0, h), alpha=-then.alpha * expm1(-h))
        yield State(then, x, x0)


def dpmpp_2m_sde(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *,
                 noise: Noise | None = None) -> Iterator[State]:
    """x_s = (σ_s/σ_t) e^{−h} x + α_s (1 − e^{−2h}) D + σ_s √(1 − e^{−2h}) z, D as in `dpmpp_2m`. [Lu et al. 2022b, §5]

    With D = x̂0 it would be DDPM's step with the small variance.

    Errors: `InputError` without noise, or where α = 0.
    """
    draw = noise_for("dpmpp-2m-sde", noise)
    signal("dpmpp-2m-sde", levels)
    history = _Extrapolation()
    for now, then in pairwise(shared(levels)):
        x0, _ = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        h = log_ratio(then) - log_ratio(now)
        fresh = -expm1(-2 * h)
        keep = (then.sigma / now.sigma) ** 2 * now.alpha / then.alpha
        mean = torch.add(keep * x, history(x0, h), alpha=then.alpha * fresh)
        x = torch.add(mean, draw(), alpha=then.sigma * fresh**0.5)
        yield State(then, x, x0)


class _Extrapolation:
    """D, from the data estimates of this step and the one before."""

    def __init__(self) -> None:
        self._before: tuple[Tensor, float] | None = None

    def __call__(self, x0: Tensor, h: float) -> Tensor:
        before, self._before = self._before, (x0, h)
        return x0 if before is None else torch.lerp(before[0], x0, 1 + h / (2 * before[1]))
