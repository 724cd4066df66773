"""The evidence lower bound of a diffusion model, complete: diffusion, prior and reconstruction.

For T steps, s = t − 1/T, and a Gaussian decoder,

    log p(x) ≥ − T/2 · E_t,ε [(SNR(s) − SNR(t)) ‖x − x̂0(x_t; t)‖²]          t uniform on {1/T, …, 1}
               − KL(q(x_1|x) ‖ p(x_1))
               + E log p(x | x_0),  x_0 ~ N(α_0 x, σ_0² I)

summed over coordinates. [Kingma et al. 2021, Eq. 11 and 13] The exact likelihood is in `probability_flow`.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.loss import snr_step
from genloom.diffusion.prediction import expand
from genloom.diffusion.prior import Prior
from genloom.diffusion.schedule import Schedule
from genloom.diffusion.sobol import mean_and_error, normal, scramblings
from genloom.errors import InputError

_ROWS = 1 << 16  # noisy points in one call of the denoiser


class Bound(NamedTuple):
    """The bound in nats and its three parts, each of shape (B,): total = diffusion + prior + reconstruction.

    diffusion        −L_T, which the text of S2 gives as the whole bound
    prior            −KL(q(x_1|x) ‖ p(x_1))
    reconstruction   E log p(x | x_0); where σ(0) = 0, that of the decoder N(x̂0, (σ/α)²) at t = 1/T
    stderr           standard error of the total, from independent scramblings
    """

    total: Tensor
    diffusion: Tensor
    prior: Tensor
    reconstruction: Tensor
    stderr: Tensor


class ConditionalDenoiser(Denoiser, Protocol):
    """A denoiser that can be told classes, one for each sample."""

    def with_labels(self, labels: Tensor) -> Denoiser:
        """The same denoiser for these classes, (B,)."""
        ...


def elbo(denoiser: Denoiser, x: Tensor, prior: Prior, *, steps: int = 1000, draws: int = 1 << 14, seed: int = 0,
         repeats: int = 16, reduction: Literal["sum", "mean"] = "sum") -> Bound:
    """The lower bound of log p(x), with t and ε drawn by scrambled Sobol points that all x share.

    x           data, shape (B, …)
    prior       of x_1
    steps       T
    draws       pairs (t, ε) for each x, in all
    repeats     independent scramblings
    reduction   "mean" takes the mean over coordinates in the diffusion term: a common mistake, here to be shown

    Errors: `InputError` for fewer than 1 step, or fewer draws than repeats.
    """
    return _bound(lambda rows: denoiser, denoiser.schedule, x, prior, steps, (draws, repeats, seed), reduction)


def elbo_of_classes(denoiser: ConditionalDenoiser, x: Tensor, labels: Tensor, prior: Prior, *, steps: int = 1000,
                    draws: int = 1 << 14, seed: int = 0, repeats: int = 16) -> Bound:
    """The lower bound of log p(x | y) for points x (B, …) and their classes (B,); otherwise as `elbo`."""
    if labels.shape != x.shape[:1]:
        raise InputError("labels", tuple(labels.shape), f"one class for each of {len(x)} points")

    def told(rows: int) -> Denoiser:
        return denoiser.with_labels(labels.repeat_interleave(rows))

    return _bound(told, denoiser.schedule, x, prior, steps, (draws, repeats, seed), "sum")


def _bound(denoiser: Callable[[int], Denoiser], schedule: Schedule, x: Tensor, prior: Prior, steps: int,
           sampling: tuple[int, int, int], reduction: str) -> Bound:
    draws, repeats, seed = sampling
    if steps < 1:
        raise InputError("steps", steps, "at least 1", "T = 1000 is usual")
    if repeats < 2 or draws < repeats:
        raise InputError("draws, repeats", (draws, repeats), "draws ≥ repeats ≥ 2")
    dim, clean = x[0].numel(), float(schedule.level(0.0).sigma) == 0
    factor = 1 / dim if reduction == "mean" else 1.0
    diffusion, decoder = [], []
    for u in scramblings(draws // repeats, 1 + dim, seed, repeats):
        u = u.to(x.device)
        first = 2 if clean else 1  # without noise at t = 0, the step from 1/T is the decoder's
        t = (first + (u[:, 0] * (steps - first + 1)).floor()) / steps
        diffusion.append(-factor * (steps - first + 1) / steps * _step_loss(denoiser, schedule, x, t, u[:, 1:], steps))
        last = torch.full_like(t, 1 / steps)
        decoder.append(-_step_loss(denoiser, schedule, x, last, u[:, 1:], steps) / steps if clean else 0 * diffusion[0])
    total, stderr = mean_and_error([a + b for a, b in zip(diffusion, decoder, strict=True)])
    body = torch.stack(diffusion).mean(0)
    edges = prior_term(schedule, x, prior), total - body + _decoder_constant(schedule, dim, steps)
    return Bound(body + edges[0] + edges[1], body, *edges, stderr)


def _step_loss(denoiser: Callable[[int], Denoiser], schedule: Schedule, x: Tensor, t: Tensor, u: Tensor,
               steps: int) -> Tensor:
    """The mean over (t, ε) of (T/2)·[SNR(t − 1/T) − SNR(t)]·‖x − x̂0(x_t; t)‖², shape (B,)."""
    weight = 0.5 * steps * snr_step(schedule.level((t - 1 / steps).clamp(min=0)), schedule.level(t))
    total, eps = torch.zeros(len(x), dtype=torch.float64, device=x.device), normal(u).to(x.dtype)
    per_call = max(1, _ROWS // len(x))
    for i in range(0, len(t), per_call):
        now, part = t[i : i + per_call], eps[i : i + per_call]
        rows = len(now)
        clean, noise = x.repeat_interleave(rows, 0), part.repeat(len(x), 1).reshape(-1, *x.shape[1:])
        level = schedule.level(now.repeat(len(x)))
        noisy = expand(level.alpha, x) * clean + expand(level.sigma, x) * noise
        with torch.no_grad():
            error = (denoiser(rows)(noisy, level.t).x0 - clean).double().flatten(1).square().sum(1)
        total += (error.reshape(len(x), rows) * weight[i : i + per_call]).sum(1)
    return total / len(t)


def prior_term(schedule: Schedule, x: Tensor, prior: Prior) -> Tensor:
    """−KL(N(α_1 x, σ_1² I) ‖ p_1) in nats, (B,): the entropy of the Gaussian and the expected log-density."""
    level = schedule.level(1.0)
    sigma = float(level.sigma)
    entropy = x[0].numel() / 2 * math.log(2 * math.pi * math.e * sigma**2)
    return entropy + prior.expected_log_density(level.alpha * x.double(), sigma)


def _decoder_constant(schedule: Schedule, dim: int, steps: int) -> float:
    """−D/2 log(2πe σ_0²/α_0²); where σ(0) = 0, the −D/2 log(2π σ²/α²) at t = 1/T, whose error is averaged apart."""
    level, inner = schedule.level(0.0), math.e
    if level.sigma == 0:
        level, inner = schedule.level(1 / steps), 1.0
    return -dim / 2 * math.log(2 * math.pi * inner * (float(level.sigma) / float(level.alpha)) ** 2)
