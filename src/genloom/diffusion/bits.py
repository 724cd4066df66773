"""How many bits a diffusion model needs for each number of an 8-bit picture: by its lower bound, or by its flow.

A picture of D bytes y is x = y/127.5 − 1. A model that gives it the probability P(y) needs −log₂ P(y)/D bits per
dimension; no model needs fewer, on average, than the entropy of the data, and even noise needs 8.

The bound, over the levels τ = t_1 < … < t_T = 1 of a grid, with a decoder of whole bytes:

    log P(y) ≥ E log P(y | x_τ) − ½ Σ_i E (SNR(t_{i−1}) − SNR(t_i)) ‖x − x̂0(x_{t_i})‖² − KL(q(x_1|x) ‖ p(x_1))

    P(y | x_τ) = ∏ ∫ N(v; x̂0(x_τ), (σ_τ/α_τ)²) dv   over each byte's interval of width 2/255; 0 and 255 reach to ∓∞

[Ho et al. 2020, Eq. 5 and 13; Kingma et al. 2021, Eq. 11 to 14]

The flow has a density p(x), not a probability: with u uniform on a byte's interval,

    log P(y) ≥ E log p(x + u) − D log 127.5

[Theis et al. 2016, §3.1; Song et al. 2021, Eq. 39 and 40]
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.grid import grid
from genloom.diffusion.likelihood import prior_term
from genloom.diffusion.loss import snr_step
from genloom.diffusion.prediction import expand
from genloom.diffusion.prior import Prior
from genloom.diffusion.probability_flow import ode_log_likelihood
from genloom.diffusion.schedule import Level, Schedule
from genloom.errors import InputError
from genloom.rng import SampleNoise, fold

SCALE = 127.5
"""Bytes per unit of x."""
_HALF = 0.5 / SCALE  # of a byte's interval
_DECODINGS = 4  # draws of x_τ for each picture; its term varies little


class Bits(NamedTuple):
    """Bits per dimension of each picture, (B,), and their parts: total = diffusion + prior + decoder."""

    total: Tensor
    diffusion: Tensor
    prior: Tensor
    decoder: Tensor


def bits_per_dimension(denoiser: Denoiser, pictures: Tensor, prior: Prior, *, steps: int | None = None,
                       draws: int = 64, seed: int = 0, first: int = 0, dtype: torch.dtype = torch.float32) -> Bits:
    """The bound in bits per dimension of pictures, bytes (B, …), all of which the denoiser sees at once.

    prior    of x_1
    steps    levels of the grid: all of the table, or 1000 unless given; even in log SNR where there is no table
    draws    levels that each picture is noised to, spread evenly over the grid; `steps` of them use every level once
    first    index of the first picture: a picture's number depends on the seed and on its index, not on its batch
    dtype    that the denoiser sees

    A mean over pictures has the standard error that `metrics.mean_interval` gives: their draws are independent.

    Errors: `InputError` for pictures that are not bytes, steps < 2, or draws < 1.
    """
    x = _floats(pictures).to(dtype)
    if draws < 1:
        raise InputError("draws", draws, "at least 1", "64 is usual; as many as the grid has levels leave no chance")
    levels = _levels(denoiser.schedule, steps).to(x.device)
    noise = SampleNoise(fold(seed, 1), len(x), x.shape[1:], first=first, dtype=dtype, device=x.device)
    place = SampleNoise(fold(seed, 2), len(x), (1,), first=first, dtype=torch.float64, device=x.device)
    unit = -1 / (math.log(2) * x[0].numel())
    diffusion = unit * _diffusion(denoiser, x, levels, noise, torch.special.ndtr(place())[:, 0], draws)
    edge = unit * prior_term(denoiser.schedule, x, prior)
    decoder = unit * _decoder(denoiser, x, pictures, Level(*levels[:, 0].tolist()), noise)
    return Bits(diffusion + edge + decoder, diffusion, edge, decoder)


def flow_bits(denoiser: Denoiser, pictures: Tensor, prior: Prior, *, probes: int = 1, seed: int = 0, first: int = 0,
              start: float | None = None, tolerance: float | None = None,
              dtype: torch.dtype = torch.float32) -> Tensor:
    """Bits per dimension of pictures, bytes (B, …), by the probability flow of uniformly dequantised ones: (B,).

    probes      of Hutchinson's trace, each one backward pass for every step of the solver and unbiased; 0 takes the
                exact trace, of D backward passes
    start       where the density is taken, as in `ode_log_likelihood`; a σ(start) beyond 2/255 blurs bytes together
    otherwise   as `bits_per_dimension`

    Errors: `InputError` for pictures that are not bytes, or as `ode_log_likelihood`.
    """
    x = _floats(pictures)
    normal = SampleNoise(fold(seed, 3), len(x), x.shape[1:], first=first, dtype=torch.float64, device=x.device)
    spread = (x + (2 * torch.special.ndtr(normal()) - 1) * _HALF).to(dtype)
    signs = torch.stack([normal().sign() for _ in range(probes)]) if probes else None
    log_p = ode_log_likelihood(denoiser, spread, prior, start=start, tolerance=tolerance, probes=signs)
    return math.log2(SCALE) - log_p.double() / (math.log(2) * x[0].numel())


def _diffusion(denoiser: Denoiser, x: Tensor, levels: Tensor, noise: SampleNoise, place: Tensor, draws: int) -> Tensor:
    """−½ Σ_i E (SNR(t_{i−1}) − SNR(t_i)) ‖x − x̂0(x_{t_i})‖² in nats, (B,), with stratified steps i."""
    steps = levels.shape[1] - 1
    draws, total = min(draws, steps), torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for k in range(draws):
        i = ((k + place) / draws * steps).long().clamp(max=steps - 1)
        before, level = (Level(*levels[:, j]) for j in (i, i + 1))
        total -= 0.5 * snr_step(before, level) * _squared_error(denoiser, x, level, noise())
    return total * steps / draws


def _squared_error(denoiser: Denoiser, x: Tensor, level: Level, eps: Tensor) -> Tensor:
    return (_clean(denoiser, x, level, eps) - x).double().square().flatten(1).sum(1)


def _decoder(denoiser: Denoiser, x: Tensor, pictures: Tensor, level: Level, noise: SampleNoise) -> Tensor:
    """E log P(y | x_τ) in nats, (B,)."""
    found = [byte_log_prob(pictures, _clean(denoiser, x, level, noise()), level.sigma / level.alpha)
             for _ in range(_DECODINGS)]
    return torch.stack(found).flatten(2).sum(2).mean(0)


def _clean(denoiser: Denoiser, x: Tensor, level: Level, eps: Tensor) -> Tensor:
    with torch.no_grad():
        return denoiser(expand(level.alpha, x) * x + expand(level.sigma, x) * eps, level.t).x0


def byte_log_prob(pictures: Tensor, mean: Tensor, std: float | Tensor) -> Tensor:
    """log P of each byte under N(mean, std²) of x, cut at the middles between bytes: float64, of the pictures' shape.

    All 256 bytes together have probability 1. [Ho et al. 2020, Eq. 13]
    """
    x, mean = _floats(pictures), mean.double()
    low = ((x - _HALF - mean) / std).masked_fill(pictures == 0, -torch.inf)
    high = ((x + _HALF - mean) / std).masked_fill(pictures == 255, torch.inf)
    mirrored = low + high > 0  # both tails are taken from the left, where the logarithm keeps its digits
    low, high = torch.where(mirrored, -high, low), torch.where(mirrored, -low, high)
    upper, lower = torch.special.log_ndtr(high), torch.special.log_ndtr(low)
    inside: Tensor = upper + (-torch.expm1(lower - upper)).log()
    return inside


def _levels(schedule: Schedule, steps: int | None) -> Tensor:
    """t, α and σ of the grid from τ to 1, (3, T)."""
    count = steps or schedule.steps or 1000
    if count < 2:
        raise InputError("steps", count, "at least 2")
    even = schedule.steps is not None or schedule.level(1.0).alpha == 0
    rising = grid(schedule, count, "uniform" if even else "log-snr")[-2::-1]
    return torch.tensor(rising, dtype=torch.float64).T


def _floats(pictures: Tensor) -> Tensor:
    if pictures.dtype != torch.uint8 or pictures.ndim < 2 or pictures.numel() == 0:
        raise InputError("pictures", f"{pictures.dtype} {tuple(pictures.shape)}", "bytes of shape (B, …)")
    return pictures.double() / SCALE - 1
