"""The stochastic sampler of EDM: noise is added and taken away again while x moves to data."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf, sqrt

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.heun import heun_step
from genloom.diffusion.samplers.require import noise_for, non_negative, signal
from genloom.diffusion.samplers.state import SharedLevel, State, shared
from genloom.diffusion.schedule import Level, Schedule
from genloom.rng import Noise


def edm_stochastic(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
                   s_churn: float = 40.0, s_min: float = 0.0, s_max: float = inf,
                   s_noise: float = 1.0) -> Iterator[State]:
    """Before each of the N steps of `heun`, ρ_t is raised to ρ̂ = (1 + γ) ρ_t by fresh noise.

        γ  = min(S_churn/N, √2 − 1) where S_min ≤ ρ_t ≤ S_max, else 0
        x̃  ← x̃ + √(ρ̂² − ρ_t²) S_noise z        [Karras et al. 2022, Alg. 2]

    The denoiser is never asked beyond the schedule's noisiest level, so ρ̂ ends at ρ(1) and the first step adds none.

    s_churn        how much noise in all; 0 is `heun`. The paper uses 0 to 80, chosen per data set
    s_min, s_max   where it is added, in ρ = σ/α
    s_noise        its standard deviation; the paper's 1.003 to 1.007 make up for networks that remove too much

    Errors: `InputError` without noise, for a negative option, or where α = 0.
    """
    draw = noise_for("edm-stochastic", noise)
    signal("edm-stochastic", levels)
    for name, value in (("s_churn", s_churn), ("s_min", s_min), ("s_max", s_max), ("s_noise", s_noise)):
        non_negative(f"sampling.{name}", value)
    gamma = min(s_churn / (len(levels) - 1), sqrt(2) - 1)
    for now, then in pairwise(shared(levels)):
        rho = now.sigma / now.alpha
        if gamma > 0 and s_min <= rho <= s_max:
            raised = _raised(denoiser.schedule, rho * (1 + gamma))
            added = sqrt(max(0.0, (raised.sigma / raised.alpha) ** 2 - rho**2))
            x = torch.add(raised.alpha / now.alpha * x, draw(), alpha=raised.alpha * added * s_noise)
            now = raised
        x0, eps = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        x = heun_step(denoiser, x, eps, now, then)
        yield State(then, x, x0)


def _raised(schedule: Schedule, rho: float) -> SharedLevel:
    """The level at which σ/α = rho, or the schedule's last."""
    t = schedule.time(torch.tensor(rho, dtype=torch.float64)).item()
    return shared([schedule.level(min(t, 1.0))])[0]
