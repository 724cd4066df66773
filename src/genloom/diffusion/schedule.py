"""Gaussian processes x_t = α(t) x0 + σ(t) ε: a schedule is the two functions, in float64, with t = 0 at the data.

Four kinds cover the field: `VariancePreserving` (any β table), `VarianceExploding` (a geometric σ), `EDM` and
`Rectified`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError

Time = float | Tensor

_REMEMBERED = 1 << 16  # levels that a schedule remembers: 65 grids of 1000 steps, some 10 MB


class Level(NamedTuple):
    """A time with its α and σ: numbers when all samples share it, tensors of shape (B,) when each has its own."""

    t: Time
    alpha: Time
    sigma: Time


class Schedule(ABC):
    """α(t) and σ(t) on t ∈ [0, 1], with σ/α increasing.

    `first` is the smallest time at which a network is asked; grids that are even in log SNR or in Karras' ρ end there.
    """

    first: float = 0.0

    @abstractmethod
    def alpha(self, t: Tensor) -> Tensor:
        """The factor of the data at times t, float64, of t's shape."""

    @abstractmethod
    def sigma(self, t: Tensor) -> Tensor:
        """The standard deviation of the noise at times t, float64, of t's shape."""

    @abstractmethod
    def time(self, rho: Tensor) -> Tensor:
        """The time at which σ/α = rho: the inverse of the schedule."""

    @property
    def steps(self) -> int | None:
        """The number of entries of a discrete table, whose times are i/steps; None for a continuous schedule."""
        return None

    def slopes(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """(dα/dt, dσ/dt) at times t > 0, float64, by differentiating α and σ; at a kink, on the side of the data."""
        at, one = t.double(), torch.ones_like(t, dtype=torch.float64)
        return torch.func.jvp(self.alpha, (at,), (one,))[1], torch.func.jvp(self.sigma, (at,), (one,))[1]

    def level(self, t: Time) -> Level:
        """The level at time t: floats for a float, float64 tensors for a tensor."""
        if isinstance(t, Tensor):
            t = t.double()
            return Level(t, self.alpha(t), self.sigma(t))
        known = self._known.get(t)
        return known if known is not None else self.levels([t])[0]

    def levels(self, times: Sequence[float]) -> list[Level]:
        """The levels at many times at once; they are remembered, so that a sampler's next look-up costs nothing."""
        at = torch.tensor(times, dtype=torch.float64)
        columns = (at.tolist(), self.alpha(at).tolist(), self.sigma(at).tolist())
        found = [Level(*row) for row in zip(*columns, strict=True)]
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        self._known.update(zip(columns[0], found, strict=True))
        return found

    @cached_property
    def _known(self) -> dict[float, Level]:
        return {}

    def __repr__(self) -> str:
        table = "" if self.steps is None else f"steps={self.steps}, "
        return f"{type(self).__name__}({table}terminal_snr={self.terminal_snr:.3g})"

    @property
    def terminal_snr(self) -> float:
        """α(1)²/σ(1)²: what is left of the data's signal at t = 1. Zero only for `Rectified`."""
        end = self.level(1.0)
        return (float(end.alpha) / float(end.sigma)) ** 2


class VariancePreserving(Schedule):
    """α² + σ² = 1 with ᾱ_i = ∏_{j≤i} (1 − β_j), α(i/T) = √ᾱ_i, ᾱ_0 = 1. [Ho et al. 2020, Eq. 4]

    The grid i/T is exact; between its points log ᾱ is linear, which is the process of piecewise constant β.

    betas   shape (T,), each in (0, 1)

    Errors: `InputError` when a β is not in (0, 1).
    """

    def __init__(self, betas: Tensor) -> None:
        betas = betas.double().flatten()
        wrong = ~((betas > 0) & (betas < 1))
        if len(betas) == 0:
            raise InputError("schedule.steps", 0, "at least 1", "pass --schedule.steps 1000")
        if wrong.any():
            i = int(wrong.nonzero()[0])
            raise InputError(f"beta[{i}]", float(f"{betas[i].item():.6g}"), "in (0, 1)",
                             "use more steps, smaller β, or the cosine schedule")
        self.betas = betas
        self.log_alpha_bar = torch.cat([betas.new_zeros(1), torch.log1p(-betas).cumsum(0)])
        self.first = 1 / len(betas)

    @property
    def steps(self) -> int:
        """T, the length of the table."""
        return len(self.betas)

    def alpha(self, t: Tensor) -> Tensor:
        """√ᾱ(t)."""
        return (self._log_alpha_bar(t) / 2).exp()

    def sigma(self, t: Tensor) -> Tensor:
        """√(1 − ᾱ(t)), without cancellation near t = 0."""
        return (-torch.expm1(self._log_alpha_bar(t))).sqrt()

    def time(self, rho: Tensor) -> Tensor:
        """The t with ᾱ(t) = 1/(1 + ρ²), by inverting the piecewise linear log ᾱ."""
        wanted = -torch.log1p(rho.double() ** 2)
        falling = -self.log_alpha_bar
        upper = torch.searchsorted(falling, -wanted).clamp(1, self.steps)
        low, high = self.log_alpha_bar[upper - 1], self.log_alpha_bar[upper]
        return (upper - 1 + ((wanted - low) / (high - low)).clamp(0, 1)) / self.steps

    def _log_alpha_bar(self, t: Tensor) -> Tensor:
        start, part, change = self._place(t)
        return start + part * change

    def _place(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """log ᾱ at the entry before t, the part of the step that t has passed, and the step's change of log ᾱ."""
        table = self.log_alpha_bar.to(t.device)
        place = (t.double() * self.steps).clamp(0, self.steps)
        nearest = place.round()
        rounding = torch.where((place - nearest).abs() < 1e-9, nearest - place, 0)  # i/T · T is i, not i − 1e-16
        place = place + rounding.detach()  # which has no slope
        entry = place.ceil().long().clamp(min=1)
        before = table[entry - 1]
        return before, place - (entry - 1), table[entry] - before


def linear(steps: int = 1000, beta_min: float = 1e-4, beta_max: float = 0.02,
           *, rescale: bool = True) -> VariancePreserving:
    """β rises linearly; `rescale` multiplies it by 1000/steps, so that a short table ends in noise too.

    [Ho et al. 2020, §4]

    Errors: `InputError` when the rescaled β reaches 1 (below 21 steps with the standard range).
    """
    _check_steps(steps)
    factor = 1000 / steps if rescale else 1.0
    if beta_max * factor >= 1:
        needed = math.floor(1000 * beta_max) + 1
        raise InputError("schedule.steps", steps, f"at least {needed} for a linear β that is scaled by 1000/steps",
                         "use the cosine schedule, more steps, or no rescaling")
    return VariancePreserving(torch.linspace(beta_min * factor, beta_max * factor, steps, dtype=torch.float64))


def cosine(steps: int = 1000, offset: float = 0.008, *, alpha_min: float = 0.001) -> VariancePreserving:
    """ᾱ(t) ∝ cos²(π/2 · (t + s)/(1 + s)). [Nichol & Dhariwal 2021, Eq. 17]

    α_i = ᾱ_i/ᾱ_{i−1} is clipped to [alpha_min, 1), and ᾱ is recomputed as the product of the clipped ones.
    """
    _check_steps(steps)
    t = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    wave = torch.cos((t + offset) / (1 + offset) * math.pi / 2) ** 2
    return VariancePreserving((1 - wave[1:] / wave[:-1]).clamp(1e-12, 1 - alpha_min))


def sigmoid(steps: int = 1000, start: float = -3.0, end: float = 3.0, tau: float = 1.0,
            *, alpha_min: float = 0.001) -> VariancePreserving:
    """ᾱ(t) falls along a sigmoid from `start` to `end`, normalised to 1 at t = 0.

    [Jabri et al. 2022; Chen 2023, Alg. 1]
    """
    _check_steps(steps)
    t = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    value = torch.sigmoid(-(t * (end - start) + start) / tau)
    alpha_bar = (value - value[-1]) / (value[0] - value[-1])
    return VariancePreserving((1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(1e-12, 1 - alpha_min))


class VarianceExploding(Schedule):
    """α = 1 and a geometric σ(t) = σ_min (σ_max/σ_min)^t. [Song et al. 2021, Eq. 30]

    `exponential(rate)` gives σ(t) = e^{rate·(t − 1)}. Note that σ(0) = σ_min > 0.
    """

    def __init__(self, sigma_min: float, sigma_max: float) -> None:
        if not 0 < sigma_min < sigma_max < math.inf:
            raise InputError("schedule.sigma_min, sigma_max", (sigma_min, sigma_max), "0 < sigma_min < sigma_max < ∞")
        self.sigma_min, self.sigma_max = sigma_min, sigma_max
        self._log_min, self._log_ratio = math.log(sigma_min), math.log(sigma_max / sigma_min)

    def alpha(self, t: Tensor) -> Tensor:
        """1."""
        return torch.ones_like(t, dtype=torch.float64)

    def sigma(self, t: Tensor) -> Tensor:
        """σ_min (σ_max/σ_min)^t."""
        return (self._log_min + self._log_ratio * t.double()).exp()

    def time(self, rho: Tensor) -> Tensor:
        """log(ρ/σ_min) / log(σ_max/σ_min)."""
        return (rho.double().log() - self._log_min) / self._log_ratio



def exponential(rate: float = 5.0) -> VarianceExploding:
    """σ(t) = e^{rate·(t − 1)}, from e^{−rate} to 1: the schedule of S2."""
    if not 0 < rate < math.inf:
        raise InputError("schedule.rate", rate, "positive and finite")
    return VarianceExploding(math.exp(-rate), 1.0)


def geometric(sigma_min: float = 0.01, sigma_max: float = 50.0) -> VarianceExploding:
    """σ(t) = σ_min (σ_max/σ_min)^t: the noise levels of [Song & Ermon 2019, §4.2] as a function of time."""
    return VarianceExploding(sigma_min, sigma_max)


class EDM(Schedule):
    """α = 1, σ(t) = σ_max · t: the time of [Karras et al. 2022, Table 1], scaled to [0, 1]."""

    def __init__(self, sigma_min: float = 0.002, sigma_max: float = 80.0) -> None:
        if not 0 < sigma_min < sigma_max < math.inf:
            raise InputError("schedule.sigma_min, sigma_max", (sigma_min, sigma_max), "0 < sigma_min < sigma_max < ∞")
        self.sigma_min, self.sigma_max = sigma_min, sigma_max
        self.first = sigma_min / sigma_max

    def alpha(self, t: Tensor) -> Tensor:
        """1."""
        return torch.ones_like(t, dtype=torch.float64)

    def sigma(self, t: Tensor) -> Tensor:
        """σ_max · t."""
        return self.sigma_max * t.double()

    def time(self, rho: Tensor) -> Tensor:
        """ρ/σ_max."""
        return rho.double() / self.sigma_max



class Rectified(Schedule):
    """α = 1 − t, σ = t: straight lines from noise to data. [Liu et al. 2023, Eq. 1; Lipman et al. 2023, Eq. 20]"""

    first = 1e-3

    def alpha(self, t: Tensor) -> Tensor:
        """1 − t."""
        return 1 - t.double()

    def sigma(self, t: Tensor) -> Tensor:
        """t."""
        return t.double()

    def time(self, rho: Tensor) -> Tensor:
        """ρ/(1 + ρ)."""
        rho = rho.double()
        return torch.where(rho.isinf(), torch.ones_like(rho), rho / (1 + rho))



SCHEDULES: dict[str, Callable[[], Schedule]] = {
    "linear": linear, "cosine": cosine, "sigmoid": sigmoid,
    "exponential": exponential, "geometric": geometric, "edm": EDM, "rectified": Rectified,
}
"""The schedules by name, each with its default arguments; what is listed here is run by every contract test."""


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise InputError("schedule.steps", steps, "an integer of at least 1", "pass --schedule.steps 1000")
