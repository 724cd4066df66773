"""A sample of x_τ by τ steps and by one: both, what they draw, and how their last states are distributed."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.schedule import VariancePreserving, linear
from genloom.report.numbers import at_most, near
from genloom.report.results import Result
from genloom.rng import generator

T = 1000
TAUS = (1, 3, 10, 30, 100, 300, 1000)
DIMENSION = 3 * 32 * 32
"""Numbers of a picture in the measurement of the cost."""
SAMPLES = 20_000
_KOLMOGOROV = 2.5  # √n sup|F_n − F| is beyond it once in 130,000 times
_REPEATS = 3


class Noise:
    """Draws of standard normal numbers that are counted."""

    def __init__(self, seed: int, *parts: int) -> None:
        self._random, self.drawn = generator(seed, *parts), 0

    def __call__(self, *shape: int) -> Tensor:
        """Normal numbers of this shape, float64."""
        self.drawn += math.prod(shape)
        return torch.randn(shape, generator=self._random, dtype=torch.float64)


def by_steps(x0: Tensor, tau: int, schedule: VariancePreserving, noise: Noise) -> Tensor:
    """x_τ from x_0 (n, d) by the τ steps of the chain."""
    x, betas = x0, schedule.betas.tolist()
    for t in range(tau):  # a τ beyond T is an error, not the last state
        beta = betas[t]
        x = math.sqrt(1 - beta) * x + math.sqrt(beta) * noise(*x0.shape)
    return x


def in_one(x0: Tensor, tau: int, schedule: VariancePreserving, noise: Noise) -> Tensor:
    """x_τ from x_0 (n, d) at once: √ᾱ_τ x_0 + √(1 − ᾱ_τ) ε."""
    kept = float(schedule.log_alpha_bar[tau].exp())
    return math.sqrt(kept) * x0 + math.sqrt(1 - kept) * noise(*x0.shape)


Sampler = Callable[[Tensor, int, VariancePreserving, Noise], Tensor]
"""`by_steps` or `in_one`."""


class Cost(NamedTuple):
    """What one picture at each of `TAUS` takes: normal numbers drawn, and seconds of processor time, the least of
    some tries."""

    drawn: tuple[int, ...]
    seconds: tuple[float, ...]


def cost(sampler: Sampler, seed: int, dimension: int = DIMENSION) -> Cost:
    """The cost of `by_steps` or `in_one`."""
    schedule, x0 = linear(T), torch.zeros((1, dimension), dtype=torch.float64)
    drawn, seconds = [], []
    for tau in TAUS:
        tries = []
        for _ in range(_REPEATS):
            noise, began = Noise(seed, tau), time.thread_time()
            sampler(x0, tau, schedule, noise)
            tries.append(time.thread_time() - began)
        drawn.append(noise.drawn)
        seconds.append(min(tries))
    return Cost(tuple(drawn), tuple(seconds))


def order(values: tuple[float, ...]) -> float:
    """The slope of log value against log τ, by least squares."""
    at, log = (torch.tensor(each, dtype=torch.float64).log() for each in (TAUS, values))
    at = at - at.mean()
    return float((at * log).sum() / at.square().sum())


def misfit(x: Tensor, tau: int, schedule: VariancePreserving, x0: float) -> float:
    """√n sup|F_n − F| of x (n,) and N(√ᾱ_τ x_0, 1 − ᾱ_τ)."""
    kept = float(schedule.log_alpha_bar[tau].exp())
    level = torch.special.ndtr((x.sort().values - math.sqrt(kept) * x0) / math.sqrt(1 - kept))
    ranks = torch.arange(len(x) + 1, dtype=torch.float64) / len(x)
    return math.sqrt(len(x)) * float(torch.maximum(ranks[1:] - level, level - ranks[:-1]).max())


def law(name: str, sampler: Sampler, schedule: VariancePreserving, seed: int) -> list[Result]:
    """The last state's law beside the closed form."""
    found = []
    for tau in (10, 200):
        noise = Noise(seed, 311, tau)
        x = sampler(torch.full((SAMPLES, 1), 2.0, dtype=torch.float64), tau, schedule, noise)[:, 0]
        found.append(at_most(Result(
            name=f"{name}, τ = {tau}, x₀ = 2: √n sup|Fₙ − F|", value=misfit(x, tau, schedule, 2.0), n=SAMPLES,
            known=0.0, known_name="F of N(√ᾱ x₀, 1 − ᾱ), ᾱ the product of the first τ of the α",
            tolerance=f"at most {_KOLMOGOROV}, Kolmogorov's law"), _KOLMOGOROV))
    return found


def counted(name: str, spent: Cost, power: float) -> list[Result]:
    """The draws beside d τ^power, and what the clock says, without a verdict."""
    drawn = tuple(float(each) for each in spent.drawn)
    each = "τ d" if power else "d"
    return [
        near(Result(name=f"{name}: order in τ of the numbers drawn", value=order(drawn), known=power,
                    known_name=f"{each} numbers for each sample"), 1e-9),
        near(Result(name=f"{name}: numbers drawn at τ = {TAUS[-1]}, over d", value=drawn[-1] / DIMENSION,
                    known=float(TAUS[-1]) ** power, known_name=each), 1e-9),
        Result(name=f"{name}: order in τ of the seconds, from τ = 30 on", known=power, known_name="the count's",
               value=math.log(spent.seconds[-1] / spent.seconds[3]) / math.log(TAUS[-1] / TAUS[3])),
    ]
