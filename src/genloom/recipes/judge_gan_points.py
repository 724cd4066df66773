"""How a GAN of points is judged: which modes it has found and how well, and its points beside fresh ones."""

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.density import Gaussians
from genloom.metrics.interval import mean_interval, wilson_interval
from genloom.metrics.modes import Modes, modes
from genloom.recipes.judge_points import (
    Draws,
    draw_beside,
    judge_classifier,
    judge_energy,
    judge_p_values,
    judge_sliced,
)
from genloom.report.numbers import at_least, at_most
from genloom.report.results import Result
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_gan_points import GanPointsExperiment

WITHIN = 3.0
"""Standard deviations from the nearest mean within which a point is good. [Srivastava et al. 2017, §4.1]"""
ENOUGH = 0.25
"""Share of its fair share of good points with which a mode counts as found; strays alone do not reach it."""


class Found(NamedTuple):
    """Where points are among the components of a mixture.

    modes     modes that have at least a quarter of their fair share of the points
    touched   modes that have any good point
    good      share of points within 3 standard deviations of the nearest mean
    spread    root mean square distance of good points from their mean, in standard deviations and per coordinate
    shares    how the good points fall to the modes; None where there is no good point
    """

    modes: int
    touched: int
    good: float
    spread: float
    shares: Modes | None


def find(points: Tensor, density: Gaussians) -> Found:
    """Look for the components of a mixture among points (N, D)."""
    root = torch.linalg.cholesky(density.covariances)
    offset = (points.double()[:, None] - density.means)[..., None]
    squared, nearest = torch.linalg.solve_triangular(root, offset, upper=False).square().sum((2, 3)).min(1)
    good = squared <= WITHIN**2
    if not good.any():
        return Found(0, 0, 0.0, 0.0, None)
    shares = modes(nearest[good], len(density.weights), density.weights)
    # of all points, since strays are many beside few good ones
    enough = (shares.counts >= ENOUGH * len(points) * density.weights).sum()
    return Found(int(enough), shares.seen, float(good.double().mean()),
                 float(squared[good].mean() / points.shape[1]) ** 0.5, shares)


def fair_good(dimensions: int = 2) -> float:
    """The share of a normal distribution within 3 standard deviations of its mean: 1 − e^{−9/2} in the plane."""
    return float(torch.special.gammainc(torch.tensor(dimensions / 2).double(), torch.tensor(WITHIN**2 / 2).double()))


def fair_spread(dimensions: int = 2) -> float:
    """The spread of what lies within: √(E[r² | r ≤ 3]/D), r² of a χ² law of D degrees."""
    half, cut = torch.tensor(dimensions / 2).double(), torch.tensor(WITHIN**2 / 2).double()
    return math.sqrt(torch.special.gammainc(half + 1, cut) / torch.special.gammainc(half, cut))


def judge_all(experiment: "GanPointsExperiment", networks: Networks) -> tuple[Result, ...]:
    """Every metric that applies to a GAN of points."""
    draws = [draw_beside(experiment, networks, seed) for seed in range(experiment.recipe.evaluation.seeds)]
    density = experiment.data.density
    found = judge_modes(density, draws) if isinstance(density, Gaussians) else ()
    return (*found, judge_energy(experiment, draws), judge_p_values(experiment, draws),
            judge_sliced(experiment, draws), judge_classifier(draws))


def judge_modes(density: Gaussians, draws: list[Draws]) -> tuple[Result, ...]:
    """Modes found, the share of good points, their spread, and how even the modes are."""
    each, count, total = [find(d.points, density) for d in draws], len(draws[0].points), len(density.weights)
    seeds = tuple(d.seed for d in draws)
    hits = wilson_interval(round(sum(m.good for m in each) * count), count * len(draws))
    spread = mean_interval([m.spread for m in each])
    return (
        at_least(Result(name=f"modes found of {total}", value=min(m.modes for m in each), known=total,
                        known_name="fair draws", n=count, seeds=seeds, source="Srivastava et al. 2017, §4.1",
                        formula=f"modes with {ENOUGH:.0%} of their fair share of good points; the least over seeds"),
                 total),
        at_least(Result(name="share of good points", value=hits.value, known=fair_good(density.means.shape[1]),
                        known_name="1 − e^{−9/2}", interval=(hits.low, hits.high), n=hits.n, seeds=seeds,
                        formula="within 3 standard deviations of the nearest mean"), 0.8),
        Result(name="spread of good points in their mode", value=spread.value, known_name="fair draws",
               known=fair_spread(density.means.shape[1]), n=count, seeds=seeds, unit="σ",
               interval=(spread.low, spread.high) if len(each) > 1 else None,
               formula="√(E[r²]/D) of good points, σ the mode's own; below it modes are too narrow"),
        _evenness([m.shares for m in each], total, seeds),
    )


def _evenness(each: list[Modes | None], total: int, seeds: tuple[int, ...]) -> Result:
    """The largest KL over the seeds, beside what as many fair draws have."""
    from scipy import stats

    name, source = "KL of the modes' shares from even", "2 n KL is χ² of K − 1 degrees for n fair draws"
    if any(shares is None for shares in each):
        return at_most(Result(name=name, value=math.inf, known=0.0, known_name="fair draws", seeds=seeds), 0.0)
    worst = max((shares for shares in each if shares is not None), key=lambda shares: shares.divergence)
    most = float(stats.chi2.ppf(1 - 0.05 / len(each), total - 1)) / (2 * worst.n)  # the largest of so many
    return at_most(Result(name=name, value=worst.divergence, known=worst.expected, n=worst.n, seeds=seeds, unit="nats",
                          known_name="expectation of fair draws", source=source,
                          formula="Σ s_k log(s_k/w_k) of good points; the largest over seeds"), most)
