"""How far formulas for the pull of an observation are from the exact pull, at one level of noise."""

import math
from collections.abc import Callable
from typing import NamedTuple

from genloom.studies.written.observed_mixture import Observed, following, off_known

SHARP = 5e-4
"""s of the orders: so small that σ ≪ s, s ≪ σ ≪ 1 and σ ≫ 1 are far apart."""
TEXT = math.sqrt(0.5)
"""s of the printed likelihood, exp(−‖(x − known) ⊙ M‖²), whose λ is 2."""


class Errors(NamedTuple):
    """At one σ, over draws of the posterior's noisy states, as root mean squares.

    size        of the pull times σ: beside the noise, which has size 1 in each coordinate
    constant    of −(x − known) ⊙ M/s² less the pull, in units of the pull
    following   the same with λ = 1/(σ² + s²)
    hidden      share of the pull's square on the coordinate that was not observed
    best        the λ that is nearest to the pull on the observed coordinate
    """

    size: float
    constant: float
    following: float
    hidden: float
    best: float


def errors(case: Observed, sigma: float, draws: int, seed: int) -> Errors:
    """How far the two formulas are from the exact pull."""
    x = case.draws(sigma, draws, seed)
    pull, off = case.pull(x, sigma), off_known(x)
    whole = pull.square().sum()
    constant, follows = (float(((-strength * off - pull).square().sum() / whole).sqrt())
                         for strength in (1 / case.noise**2, following(sigma, case.noise)))
    return Errors(sigma * float((whole / draws).sqrt()), constant, follows, float(pull[:, 1].square().sum() / whole),
                  float(-(pull * off).sum() / off.square().sum()))


def bayes(case: Observed, sigma: float, seed: int) -> float:
    """σ times the largest difference of the two sides of Bayes' rule, on draws of the posterior."""
    x = case.draws(sigma, 200, seed)
    return sigma * float((case.difference(x, sigma) - case.pull(x, sigma)).abs().max())


def growth(strength: Callable[[float], float], sigma: float, sigma_last: float, epsilon: float) -> float:
    """|1 − α (λ + 1/σ²)|, by which one Langevin step multiplies a distance, for α = ε σ²/σ_L² and a score −x/σ²."""
    return abs(1 - epsilon * (sigma / sigma_last) ** 2 * (strength(sigma) + sigma**-2))
