"""q(x_{t−1} | x_t, x_0) four ways: its formula, as it was printed, by computer algebra, and by regression on chains."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.schedule import VariancePreserving
from genloom.rng import generator

CHAINS = 200_000


class Coefficients(NamedTuple):
    """μ̃_t = keep x_t + data x_0 and β̃_t for t = 1 … T, each (T,)."""

    keep: Tensor
    data: Tensor
    variance: Tensor


class Regressed(NamedTuple):
    """x_{t−1} regressed on x_t and x_0 over chains, as (estimate, standard error), and what the residuals are like."""

    keep: tuple[float, float]
    data: tuple[float, float]
    variance: tuple[float, float]
    misfit: float
    spread: float


def coefficients(schedule: VariancePreserving) -> Coefficients:
    """The closed form, with ᾱ_0 = 1. [Ho et al. 2020, Eq. 7]"""
    alpha_bar = schedule.log_alpha_bar.exp()
    before, now, beta = alpha_bar[:-1], alpha_bar[1:], schedule.betas
    return Coefficients((1 - beta).sqrt() * (1 - before) / (1 - now), before.sqrt() * beta / (1 - now),
                        beta * (1 - before) / (1 - now))


def printed(schedule: VariancePreserving) -> Coefficients:
    """The same with the root of Eq. 18 over α_t and (1 − ᾱ_{t−1}) alike, as it is printed."""
    right, before = coefficients(schedule), schedule.log_alpha_bar.exp()[:-1]
    root = (1 - before).sqrt()
    return right._replace(keep=torch.where(root > 0, right.keep / root.clamp(min=1e-300), 0.0))


def way_back(schedule: VariancePreserving, taken: Coefficients, x0: float = 1.0) -> tuple[Tensor, Tensor]:
    """Mean and deviation of x_t for t = T … 0, each (T + 1,), where the steps back are given x_0 and these numbers.

    It starts from q(x_T | x_0), so the right numbers give √ᾱ_t x_0 and √(1 − ᾱ_t) at every t.
    """
    end = float(schedule.log_alpha_bar[-1].exp())
    means, variances = [math.sqrt(end) * x0], [1 - end]
    for keep, data, variance in reversed(list(zip(*(each.tolist() for each in taken), strict=True))):
        means.append(keep * means[-1] + data * x0)
        variances.append(keep**2 * variances[-1] + variance)
    return torch.tensor(means, dtype=torch.float64), torch.tensor(variances, dtype=torch.float64).sqrt()


def symbolic() -> dict[str, Any]:
    """What is left of each claim when a computer algebra system completes the square, 0 where the claim is true.

    With r = √α_t and s = √ᾱ_{t−1} everything is a rational function, so that "is zero" can be decided.
    """
    import sympy

    x, now, start = sympy.symbols("x_before x_now x_0", real=True)
    r, s = sympy.symbols("r s", positive=True)
    beta, before, bar = 1 - r**2, 1 - s**2, 1 - r**2 * s**2
    exponent = -((now - r * x)**2 / beta + (x - s * start)**2 / before - (now - r * s * start)**2 / bar) / 2
    square = sympy.Poly(sympy.expand(exponent), x)
    variance = -1 / (2 * square.coeff_monomial(x**2))
    mean = sympy.Poly(sympy.expand(sympy.cancel(variance * square.coeff_monomial(x))), now, start)
    keep, data = mean.coeff_monomial(now), mean.coeff_monomial(start)
    left = {"the variance": variance - beta * before / bar, "the factor of xₜ": keep - r * before / bar,
            "the factor of x₀": data - s * beta / bar,
            "what is free of xₜ₋₁": square.coeff_monomial(1) + mean.as_expr()**2 / (2 * variance)}
    return {name: sympy.cancel(sympy.together(each)) for name, each in left.items()}


def regressed(schedule: VariancePreserving, t: int, seed: int, chains: int = CHAINS) -> Regressed:
    """Chains from x_0 uniform on [−1, 1], stepped to t: x_{t−1} by least squares from x_t and x_0."""
    random = generator(seed, 20, t)
    start = 2 * torch.rand(chains, generator=random, dtype=torch.float64) - 1
    before, now = start, start
    for beta in schedule.betas[:t].tolist():
        noise = torch.randn(chains, generator=random, dtype=torch.float64)
        before, now = now, math.sqrt(1 - beta) * now + math.sqrt(beta) * noise
    given = torch.stack((now, start), 1)
    gram = given.T @ given
    found = torch.linalg.solve(gram, given.T @ before)
    rest = before - given @ found
    variance = float(rest.square().sum()) / (chains - 2)
    errors = (variance * gram.inverse().diagonal()).sqrt()
    normal = (rest / math.sqrt(variance)).sort().values
    ranks = (torch.arange(chains, dtype=torch.float64) + 0.5) / chains
    misfit = math.sqrt(chains) * float((torch.special.ndtr(normal) - ranks).abs().max())
    spread = torch.corrcoef(torch.stack((rest.square(), now.square(), start.square())))[0, 1:].abs().max()
    return Regressed((float(found[0]), float(errors[0])), (float(found[1]), float(errors[1])),
                     (variance, variance * math.sqrt(2 / chains)), misfit, math.sqrt(chains) * float(spread))
