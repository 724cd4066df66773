"""How a chain of equal steps forgets its start: walkers, rates and bounds beside closed forms."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.schedule import VariancePreserving
from genloom.report.numbers import at_most, near
from genloom.report.results import Result
from genloom.rng import generator
from genloom.studies.written.starts import (
    PLACES,
    Start,
    cauchy,
    divergence,
    log_normal,
    normal,
    points,
    supremum,
    uniform,
    wasserstein,
)

C = 0.1
"""The noise of a step where only one size is shown."""
SIZES = (0.02, 0.1, 0.5, 0.9)
TIMES = (1, 2, 5, 10, 20, 40, 80)
WALKERS = 100_000
POINT, PAIR = points("a point at 3", 3.0), points("two points at −2 and 2", -2.0, 2.0)
STARTS = (POINT, PAIR, uniform("uniform on [0, 4]", 0.0, 4.0), normal("normal, mean 1, deviation 3", 1.0, 3.0))
HEAVY = cauchy("Cauchy")
_KOLMOGOROV = 2.5  # √n sup|Fₙ − F| is beyond it once in 130,000 times
_DAWSON = 0.5410442246351817  # the largest value of Dawson's function


class Walked(NamedTuple):
    """One start's walkers at each time: √n sup|Fₙ − Fₜ|, W₂ to N(0, 1), and the divergence with its error."""

    misfit: tuple[float, ...]
    distance: tuple[float, ...]
    divergence: tuple[tuple[float, float], ...]


def factor(c: float, t: float) -> float:
    """aᵗ with a = √(1 − c), what is left of the start."""
    return math.pow(1 - c, t / 2)


def walk(start: Start, seed: int, walkers: int = WALKERS) -> Walked:
    """Chains from a start, step by step, looked at at `TIMES`."""
    random = generator(seed, 19)
    x, found = start.draw(walkers, random), []
    for t in range(1, TIMES[-1] + 1):
        noise = torch.randn(walkers, generator=random, dtype=torch.float64)
        x = noise.mul_(math.sqrt(C)).add_(x, alpha=math.sqrt(1 - C))
        if t in TIMES:
            found.append(_look(start, x, factor(C, t)))
    misfit, distance, apart = zip(*found, strict=True)
    return Walked(misfit, distance, apart)


def _look(start: Start, x: Tensor, a: float) -> tuple[float, float, tuple[float, float]]:
    count = len(x)
    x = x.sort().values
    share = torch.searchsorted(x, PLACES, right=True) / count
    misfit = math.sqrt(count) * float((share - start.cdf(PLACES, a)).abs().max())
    if math.isinf(start.second):
        return misfit, math.inf, (math.inf, math.inf)
    even = torch.special.ndtri((torch.arange(count, dtype=torch.float64) + 0.5) / count)
    log_ratio = start.log_pdf(x, a) - log_normal(x)
    error = float(log_ratio.std()) / math.sqrt(count)
    distance = math.sqrt(float((x - even).square().mean()))  # sorted samples of one size are coupled in order
    return misfit, distance, (float(log_ratio.mean()), error)


def rate(values: list[float], times: list[int]) -> float:
    """The slope of log value against the step, by least squares."""
    at = torch.tensor(times, dtype=torch.float64)
    log = torch.tensor(values, dtype=torch.float64).log()
    at = at - at.mean()
    return float((at * log).sum() / at.square().sum())


def late(c: float) -> list[int]:
    """Ten steps, from where 1 % of the start is left to where 1e−4 is; 9 and on where that takes fewer steps."""
    first, last = (math.ceil(2 * math.log(share) / math.log1p(-c)) for share in (1e-2, 1e-4))
    return sorted({first + (last - first) * k // 9 for k in range(10)})


def from_point(a: float) -> float:
    """W₂(xₜ, N(0, 1)) from the point at 3: the distance of means and that of deviations."""
    return math.hypot(3 * a, 1 - math.sqrt(1 - a * a))


def mean_divergence(second: float, a: float) -> float:
    """The mean over x₀ of KL(q(xₜ | x₀), N(0, 1)), which no divergence of xₜ exceeds."""
    return 0.5 * (a * a * second - a * a - math.log1p(-a * a))


def simulated(walked: dict[str, Walked]) -> list[Result]:
    """Walkers beside the closed law of xₜ."""
    found = [at_most(Result(
        name=f"{name}: √n sup|Fₙ − Fₜ| of walkers, the largest of {len(TIMES)} times", value=max(each.misfit),
        n=WALKERS, known=0.0, known_name="the closed form", tolerance=f"at most {_KOLMOGOROV}, Kolmogorov's law"),
        _KOLMOGOROV) for name, each in walked.items()]
    t = TIMES.index(10)
    for start in STARTS:
        value, error = walked[start.name].divergence[t]
        found.append(near(Result(
            name=f"{start.name}: KL(x₁₀, N(0, 1)) over walkers", value=value, unit="nats", n=WALKERS,
            interval=(value - 1.96 * error, value + 1.96 * error), known=divergence(start, factor(C, 10)),
            known_name="by quadrature", tolerance="within 4.5 standard errors"), 4.5 * error))
    return found


def rates() -> list[Result]:
    """Slopes of the distances beside the proof's."""
    found = []
    for c in SIZES:
        left = [factor(c, t) for t in late(c)]
        for name, values, known, formula in (
                ("W₂", [wasserstein(POINT, a) for a in left], 0.5 * math.log1p(-c), "½ log(1 − c)"),
                ("KL", [divergence(POINT, a) for a in left], math.log1p(-c), "log(1 − c)")):
            found.append(near(Result(
                name=f"c = {c}, {POINT.name}: slope of log {name} per step", value=rate(values, late(c)), known=known,
                known_name=formula, tolerance="within 0.2 %"), -2e-3 * known))
    left = [factor(C, t) for t in late(C)]
    found.append(near(Result(
        name=f"c = {C}, {PAIR.name}: slope of log W₂ per step", value=rate([wasserstein(PAIR, a) for a in left],
                                                                           late(C)),
        known=math.log1p(-C), known_name="log(1 − c): the means agree from the start", tolerance="within 0.2 %"),
        -2e-3 * math.log1p(-C)))
    return found


def bounds() -> list[Result]:
    """The inequalities of the proof, and closed forms where there are any."""
    left = [factor(C, t) for t in TIMES]
    exact = [0.5 * (9 * a * a - a * a - math.log1p(-a * a)) for a in left]
    moved = [from_point(a) for a in left]
    table = VariancePreserving(torch.full((TIMES[-1],), C, dtype=torch.float64))
    made = table.alpha(torch.tensor(TIMES, dtype=torch.float64) / TIMES[-1])
    every = [(start, a) for start in STARTS for a in left]
    return [
        near(Result(name=f"{POINT.name}: KL by quadrature against its closed form, largest difference", known=0.0,
                    known_name="½ (9a² − a² − log(1 − a²))",
                    value=max(abs(divergence(POINT, a) - known) for a, known in zip(left, exact, strict=True))), 1e-10),
        near(Result(name=f"{POINT.name}: W₂ by its map against √(9a² + (1 − √(1 − a²))²), largest difference",
                    known=0.0, known_name="equal", value=max(abs(wasserstein(POINT, a) - known)
                                                             for a, known in zip(left, moved, strict=True))), 1e-7),
        at_most(Result(name="W₂(xₜ) over aᵗ W₂(x₀), a = √(1 − c), the largest of all starts and times", known=1.0,
                       value=max(wasserstein(start, a) / (a * start.distance) for start, a in every),
                       known_name="the bound by coupling"), 1.0),
        at_most(Result(name="½ W₂(xₜ)² over KL(xₜ), the largest of all starts and times", known=1.0,
                       value=max(wasserstein(start, a) ** 2 / (2 * divergence(start, a)) for start, a in every),
                       known_name="Talagrand's inequality", tolerance="at most 1 + 1e−6"), 1 + 1e-6),
        at_most(Result(name="KL(xₜ) over the mean of KL given x₀, the largest of all starts and times", known=1.0,
                       value=max(divergence(start, a) / mean_divergence(start.second, a) for start, a in every),
                       known_name="convexity; 1 for a point", tolerance="at most 1 + 1e−6"), 1 + 1e-6),
        near(Result(name="c = 1: W₂ to N(0, 1) after one step", value=wasserstein(POINT, 0.0), known=0.0,
                    known_name="x₁ is the noise"), 1e-9),
        near(Result(name="α of a schedule of β = c against aᵗ, largest difference", known=0.0, known_name="equal",
                    value=float((made - torch.tensor(left, dtype=torch.float64)).abs().max())), 1e-12),
    ]


def heavy() -> list[Result]:
    """A start without moments: the distribution function converges, the divergence is infinite."""
    a = factor(C, TIMES[-1])
    reach = (2000.0, 4000.0)
    x = torch.linspace(*reach, 40_001, dtype=torch.float64)
    log_q = HEAVY.log_pdf(x, factor(C, 10))
    grown = 2 * float(torch.trapezoid(log_q.exp() * (log_q - log_normal(x)), x)) / (reach[1] - reach[0])
    return [
        near(Result(name=f"{HEAVY.name}: sup|Fₜ − Φ| over aᵗ at t = {TIMES[-1]}",
                    value=supremum(HEAVY, a) / a, known=math.sqrt(2) / math.pi * _DAWSON,
                    known_name="(√2/π) max D, Dawson's function", tolerance="within 2 %: to first order"), 0.005),
        near(Result(name=f"{HEAVY.name}: what each unit of |x| adds to KL(x₁₀, N(0, 1)) between 2000 and 4000",
                    value=grown, known=factor(C, 10) / math.pi, unit="nats", tolerance="within 2 %",
                    known_name="a¹⁰/π, for ever: KL = ∞"), 0.02 * factor(C, 10) / math.pi),
    ]
