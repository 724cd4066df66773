"""The probability flow: an ordinary differential equation whose solutions have the law p_t at every t.

In y = x/α and u = log(σ/α) every schedule's flow is dy/du = (σ/α) E[ε | x], so one adaptive solver serves all of them:
forward it encodes data as noise, backward it decodes, and the divergence along the way gives the exact log-likelihood.
[Song et al. 2021, Eq. 13 and 39; Karras et al. 2022, Eq. 1]
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.prior import Prior
from genloom.diffusion.schedule import Level, Schedule
from genloom.errors import InputError

_Array = NDArray[np.float64]
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5}  # float32 networks are noisy below 1e-6


def ode_path(denoiser: Denoiser, x: Tensor, times: Sequence[float], *, tolerance: float | None = None) -> Tensor:
    """The solutions through x (B, …) at times[0], at all times: shape (len(times), B, …).

    times       monotone, in [0, 1], each with α > 0 and σ > 0
    tolerance   relative and absolute, of the solver (DOP853); 1e-9 for float64 and 1e-5 for float32 unless given

    Errors: `InputError` where log(σ/α) is infinite, or when the solver gives up.
    """
    levels = [_usable(denoiser.schedule, t) for t in times]
    start = (x / levels[0].alpha).double()

    def slope(u: float, y: _Array) -> _Array:
        level = _at(denoiser.schedule, u)
        with torch.no_grad():
            eps = denoiser(_point(y, level, x), level.t).eps
        return math.exp(u) * eps.double().flatten().cpu().numpy()

    solution = _solve(slope, start.flatten().cpu().numpy(), [_log_rho(level) for level in levels], x, tolerance)
    path = [_point(y, level, x) for y, level in zip(solution, levels, strict=True)]
    return torch.stack(path)


def ode_encode(denoiser: Denoiser, x: Tensor, *, start: float | None = None, end: float = 1.0,
               tolerance: float | None = None) -> Tensor:
    """The noise at t = `end` from which the flow leads to x (B, …) at t = `start`; the inverse of `ode_decode`."""
    return ode_path(denoiser, x, [_start(denoiser.schedule, start), end], tolerance=tolerance)[-1]


def ode_decode(denoiser: Denoiser, x: Tensor, *, start: float | None = None, end: float = 1.0,
               tolerance: float | None = None) -> Tensor:
    """The data at t = `start` to which the flow leads from x (B, …) at t = `end`."""
    return ode_path(denoiser, x, [end, _start(denoiser.schedule, start)], tolerance=tolerance)[-1]


def ode_log_likelihood(denoiser: Denoiser, x: Tensor, prior: Prior, *, start: float | None = None, end: float = 1.0,
                       tolerance: float | None = None, probes: Tensor | None = None) -> Tensor:
    """log p_start(x) in nats, shape (B,): the prior's density of the encoded point and the volume the flow gained.

        log p_start(x) = log p_end(x_end) + D log(α_end/α_start) + ∫ σ tr(∂E[ε|x]/∂x) du

    start   the schedule's t = 0, or its `first` where σ(0) = 0; for a variance-exploding schedule p_0 has σ(0) of noise
    prior   the density at t = `end`
    probes  vectors v of ±1 for Hutchinson's unbiased trace E vᵀ (∂E[ε|x]/∂x) v, shape (K, B, …), kept along the way:
            one backward pass each [Song et al. 2021, Eq. 40]; None takes the exact trace, with one backward pass for
            each of the D coordinates

    Errors: as `ode_path`.
    """
    schedule, dim = denoiser.schedule, x[0].numel()
    first, last = (_usable(schedule, t) for t in (_start(schedule, start), end))

    def slope(u: float, state: _Array) -> _Array:
        level = _at(schedule, u)
        eps, trace = _divergence(denoiser, _point(state[: x.numel()], level, x), float(level.t), probes)
        return np.concatenate([math.exp(u) * eps, float(level.sigma) * trace])

    begin = np.concatenate([(x / first.alpha).double().flatten().cpu().numpy(), np.zeros(len(x))])
    final = _solve(slope, begin, [_log_rho(first), _log_rho(last)], x, tolerance)[-1]
    gained = torch.from_numpy(final[x.numel() :]).to(x.device)
    encoded = _point(final[: x.numel()], last, x)
    scale = dim * math.log(float(last.alpha) / float(first.alpha))
    return (prior.log_density(encoded.double()) + scale + gained).to(x.dtype)


def _divergence(denoiser: Denoiser, x: Tensor, t: float, probes: Tensor | None) -> tuple[_Array, _Array]:
    """ε̂, flat, and tr(∂ε̂/∂x) of each sample: samples do not see each other, so a sum's gradient is each one's own."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        eps = denoiser(x, t).eps.flatten(1)
        trace = torch.zeros(len(x), dtype=torch.float64, device=x.device)
        count = eps.shape[1] if probes is None else len(probes)
        for i in range(count):
            if probes is None:
                (row,) = torch.autograd.grad(eps[:, i].sum(), x, retain_graph=i + 1 < count)
                trace += row.flatten(1)[:, i]
            else:
                v = probes[i].to(eps).flatten(1)
                (row,) = torch.autograd.grad((eps * v).sum(), x, retain_graph=i + 1 < count)
                trace += (row.flatten(1) * v).sum(1) / count
    return eps.detach().double().flatten().cpu().numpy(), trace.cpu().numpy()


def _solve(slope: Callable[[float, _Array], _Array], begin: _Array, stops: list[float], x: Tensor,
           tolerance: float | None) -> _Array:
    accuracy = tolerance or _TOLERANCE.get(x.dtype, 1e-5)
    solution = solve_ivp(slope, (stops[0], stops[-1]), begin, method="DOP853", t_eval=stops, rtol=accuracy,
                         atol=accuracy)
    if not solution.success:
        raise InputError("tolerance", accuracy, f"one that the solver can reach ({solution.message})", "loosen it")
    states: _Array = solution.y.T
    return states


def _point(y: _Array, level: Level, like: Tensor) -> Tensor:
    whole = torch.from_numpy(np.ascontiguousarray(y)).to(like.device) * level.alpha
    return whole.reshape(like.shape).to(like.dtype)


def _start(schedule: Schedule, start: float | None) -> float:
    if start is not None:
        return start
    return 0.0 if float(schedule.level(0.0).sigma) > 0 else schedule.first


def _usable(schedule: Schedule, t: float) -> Level:
    level = schedule.level(t)
    if not 0 <= t <= 1 or level.alpha == 0 or level.sigma == 0:
        raise InputError("time", t, "in [0, 1], where neither α nor σ is 0", "pass start=schedule.first or end=0.999")
    return level


def _at(schedule: Schedule, u: float) -> Level:
    t = schedule.time(torch.tensor(math.exp(u), dtype=torch.float64))
    return schedule.level(min(1.0, max(0.0, t.item())))


def _log_rho(level: Level) -> float:
    return math.log(float(level.sigma) / float(level.alpha))
