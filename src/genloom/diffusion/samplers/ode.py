"""The probability-flow equation by a black-box solver with adaptive steps."""

from collections.abc import Iterator, Sequence
from math import log
from typing import Any

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.require import signal
from genloom.diffusion.samplers.state import State, shared
from genloom.diffusion.schedule import Level
from genloom.errors import InputError, MissingExtra
from genloom.rng import Noise

_MOST_STEPS = 10_000  # between two levels: a hundred times what the default tolerances take


def ode(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
        rtol: float = 1e-5, atol: float = 1e-5, method: str = "dopri5") -> Iterator[State]:
    """dx̃/du = ρ ε̂ for x̃ = x/α with u = log ρ, ρ = σ/α, by torchdiffeq. [Song et al. 2021, §4.3; Chen et al. 2018]

    `levels` say where states are wanted, not where steps are taken. Where the last one is clean, x̂0 at the one before
    is the end. One step size serves the whole batch, so a sample depends on its companions, within the tolerance.

    rtol, atol   tolerances on x̃
    method       a solver of torchdiffeq with adaptive steps

    Errors: `MissingExtra` without torchdiffeq; `InputError` where α = 0, or a tolerance that the solver cannot meet.
    """
    signal("ode", levels)
    noisy = [level for level in shared(levels) if level.sigma > 0]
    points = torch.tensor([log(level.sigma / level.alpha) for level in noisy], dtype=torch.float64, device=x.device)
    path = _solve(denoiser, x / noisy[0].alpha, points, rtol=rtol, atol=atol, method=method) if len(noisy) > 1 else [x]
    for level, scaled in zip(noisy[1:], path[1:], strict=True):
        x = level.alpha * scaled
        yield State(level, x, denoiser(x, level.t).x0)
    if levels[-1].sigma == 0:
        x0, _ = denoiser(x, noisy[-1].t)
        yield State(levels[-1], x0, x0)


def _solve(denoiser: Denoiser, x: Tensor, points: Tensor, *, method: str, rtol: float, atol: float) -> Any:
    """x̃ at each of the points u."""
    try:
        from torchdiffeq import odeint
    except ImportError:
        raise MissingExtra("torchdiffeq", "ode", "the sampler ode") from None

    def slope(u: Tensor, scaled: Tensor) -> Tensor:
        level = shared([denoiser.schedule.level(denoiser.schedule.time(u.double().exp()).item())])[0]
        return denoiser(level.alpha * scaled, level.t).eps * (level.sigma / level.alpha)

    try:
        return odeint(slope, x, points, rtol=rtol, atol=atol, method=method, options={"max_num_steps": _MOST_STEPS})
    except AssertionError as error:
        raise InputError("sampling.rtol", rtol, f"one that {method} can meet in {x.dtype} ({error})",
                         "pass a larger tolerance, or sample in float64") from error
