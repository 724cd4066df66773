"""Distributions on the line, and what they are after a chain: a times the start plus noise of variance 1 − a²."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_NODES = torch.linspace(-7, 7, 561, dtype=torch.float64)  # farther out 1 − Φ has no digits left
_GRID = torch.linspace(-16, 16, 16_001, dtype=torch.float64)
_BISECTIONS = 50  # they halve a bracket of 100 to 1e−13
PLACES = torch.linspace(-8, 8, 161, dtype=torch.float64)
"""Where distribution functions are compared."""

Law = Callable[[Tensor, float], Tensor]
"""A function of x (N,) and of a in [0, 1), the factor of the start in x_t."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """A distribution of x_0 with the law of x_t = a x_0 + √(1 − a²) ε.

    draw       count numbers of x_0, float64
    cdf        distribution function of x_t
    log_pdf    logarithm of the density of x_t
    second     E x_0², which may be infinite
    distance   W₂(x_0, N(0, 1)), which may be infinite
    """

    name: str
    draw: Callable[[int, torch.Generator], Tensor]
    cdf: Law
    log_pdf: Law
    second: float
    distance: float


def points(name: str, *at: float) -> Start:
    """Points of equal weight, in rising order: x_t is a mixture of normals.

    W₂² = E x_0² + 1 − 2 E[x_0 z] for the rising map of z ~ N(0, 1), which sends an interval of z to each point.
    """
    where = torch.tensor(at, dtype=torch.float64)
    edges = torch.special.ndtri(torch.linspace(0, 1, len(at) + 1, dtype=torch.float64))
    product = -(where * _bell(edges).diff()).sum()
    second = float(where.square().mean())

    def scaled(x: Tensor, a: float) -> Tensor:
        return (x[:, None] - a * where) / math.sqrt(1 - a * a)

    def log_pdf(x: Tensor, a: float) -> Tensor:
        each = -scaled(x, a).square() / 2 - math.log(len(at)) - 0.5 * math.log(2 * math.pi * (1 - a * a))
        found: Tensor = each.logsumexp(1)
        return found

    return Start(name=name, draw=lambda count, random: where[torch.randint(len(at), (count,), generator=random)],
                 cdf=lambda x, a: torch.special.ndtr(scaled(x, a)).mean(1), log_pdf=log_pdf, second=second,
                 distance=math.sqrt(second + 1 - 2 * float(product)))


def normal(name: str, mean: float, deviation: float) -> Start:
    """N(m, s²): x_t ~ N(a m, a² s² + 1 − a²), and W₂² = m² + (s − 1)²."""

    def spread(a: float) -> float:
        return math.sqrt((a * deviation) ** 2 + 1 - a * a)

    def log_pdf(x: Tensor, a: float) -> Tensor:
        return -((x - a * mean) / spread(a)).square() / 2 - math.log(spread(a)) - 0.5 * math.log(2 * math.pi)

    return Start(name=name, draw=lambda count, random: mean + deviation * _normals(count, random),
                 cdf=lambda x, a: torch.special.ndtr((x - a * mean) / spread(a)), log_pdf=log_pdf,
                 second=mean**2 + deviation**2, distance=math.hypot(mean, deviation - 1))


def uniform(name: str, low: float, high: float) -> Start:
    """Uniform on [l, h]: x_t has the density (Φ(u) − Φ(v))/(a (h − l)), u = (x − a l)/σ, v = (x − a h)/σ.

    Its integral has Φ's own, H(u) = u Φ(u) + φ(u); W₂² = E x_0² + 1 − (h − l)/√π.
    """
    second = (low * low + low * high + high * high) / 3

    def ends(x: Tensor, a: float) -> tuple[Tensor, Tensor, float]:
        sigma = math.sqrt(1 - a * a)
        return (x - a * low) / sigma, (x - a * high) / sigma, sigma

    def cdf(x: Tensor, a: float) -> Tensor:
        u, v, sigma = ends(x, a)
        return sigma / (a * (high - low)) * (_ramp(u) - _ramp(v))

    def log_pdf(x: Tensor, a: float) -> Tensor:
        u, v, _ = ends(x, a)
        share: Tensor = torch.special.ndtr(u) - torch.special.ndtr(v)
        return (share / (a * (high - low))).log()

    return Start(name=name, draw=lambda count, random: low + (high - low) * torch.rand(
        count, generator=random, dtype=torch.float64), cdf=cdf, log_pdf=log_pdf, second=second,
        distance=math.sqrt(second + 1 - (high - low) / math.sqrt(math.pi)))


def cauchy(name: str) -> Start:
    """The standard Cauchy distribution, which has no mean: x_t has Voigt's profile.

    Its distribution function is ½ + (1/π) ∫ sin(ux) e^{−au − (1 − a²)u²/2} du/u, by the characteristic function.
    """

    def cdf(x: Tensor, a: float) -> Tensor:
        end = min(9 / math.sqrt(1 - a * a), 36 / a)  # where either of the two factors has fallen to 2e−16
        u = torch.linspace(0, end, 2001, dtype=torch.float64)
        damped = (-a * u - (1 - a * a) * u.square() / 2).exp()
        waves = x[:, None] * torch.sinc(x[:, None] * u / math.pi)  # sin(ux)/u, which is x at u = 0
        return 0.5 + torch.trapezoid(waves * damped, u) / math.pi

    def log_pdf(x: Tensor, a: float) -> Tensor:
        from scipy.special import voigt_profile

        return torch.as_tensor(voigt_profile(x.numpy(), math.sqrt(1 - a * a), a)).log()

    return Start(name=name, draw=lambda count, random: (math.pi * (torch.rand(
        count, generator=random, dtype=torch.float64) - 0.5)).tan(), cdf=cdf, log_pdf=log_pdf, second=math.inf,
        distance=math.inf)


def wasserstein(start: Start, a: float) -> float:
    """W₂(x_t, N(0, 1)) on the line: √∫ (T(z) − z)² φ(z) dz with the rising map T = F⁻¹ ∘ Φ, found by bisection."""
    level = torch.special.ndtr(_NODES)
    low, high = torch.full_like(_NODES, -50), torch.full_like(_NODES, 50)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = start.cdf(middle, a) < level
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return math.sqrt(float(torch.trapezoid(((low + high) / 2 - _NODES).square() * _bell(_NODES), _NODES)))


def divergence(start: Start, a: float) -> float:
    """KL(x_t, N(0, 1)) in nats, by quadrature."""
    log_q = start.log_pdf(_GRID, a)
    return float(torch.trapezoid(torch.where(log_q > -700, log_q.exp() * (log_q - log_normal(_GRID)), 0.0), _GRID))


def supremum(start: Start, a: float) -> float:
    """The largest |F_t − Φ| over `PLACES`."""
    return float((start.cdf(PLACES, a) - torch.special.ndtr(PLACES)).abs().max())


def log_normal(x: Tensor) -> Tensor:
    """log φ(x)."""
    return -x.square() / 2 - 0.5 * math.log(2 * math.pi)


def _bell(x: Tensor) -> Tensor:
    return log_normal(x).exp()


def _ramp(u: Tensor) -> Tensor:
    """∫ Φ up to u."""
    found: Tensor = u * torch.special.ndtr(u) + _bell(u)
    return found


def _normals(count: int, random: torch.Generator) -> Tensor:
    return torch.randn(count, generator=random, dtype=torch.float64)
