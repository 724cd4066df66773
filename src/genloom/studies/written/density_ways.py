"""What S4.5 measures: the density of a trained model by its flow, by its bound, and by its own draws.

The flow's density is taken at the schedule's start, and where σ = 0.1, so that quadrature sees no steep wall.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.likelihood import elbo
from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.prior import OraclePrior, Prior
from genloom.diffusion.probability_flow import ode_decode, ode_log_likelihood
from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.registry import recipe
from genloom.rng import SampleNoise, fold, generator
from genloom.studies.context import Context, Trained
from genloom.studies.square.likelihoods import sampled_prior

SMOOTH = 0.1
"""σ where cells are filled."""
CELLS, EDGE = 5, 1.5
"""Cells along each axis of the square |x|, |y| ≤ EDGE, which holds all of p but 1e-6."""
_NODES = 8  # of Gauss–Legendre along each axis of a cell
_RARE = 1e-3  # cells with less are left out: a share of so few draws is not normal
_COARSE = 1e-3  # tolerance of the solver: log p to about a hundredth
_CENTRE = torch.zeros(1, 2, dtype=torch.float64)


class Cells(NamedTuple):
    """Probability of each cell, (CELLS², ): by the density, and the share of the model's own draws."""

    mass: Tensor
    share: Tensor
    draws: int

    @property
    def farthest(self) -> float:
        """The largest difference in standard errors of the shares."""
        inside = self.mass.clamp(1e-9, 1 - 1e-9)
        off = (self.share - self.mass).abs() / (inside * (1 - inside) / self.draws).sqrt()
        return float(off[inside > _RARE].max())


class Points(NamedTuple):
    """log p of fresh data: exactly, by the model's flow and by its bound, (N,) each."""

    exact: Tensor
    flow: Tensor
    bound: Tensor

    def below(self, by: Tensor) -> tuple[float, float]:
        """Mean of exact − `by`, and its standard error."""
        gap = self.exact - by
        return float(gap.mean()), float(gap.std() / len(gap) ** 0.5)


def trained(context: Context, steps: int | None = None) -> Trained:
    """The model of the square, `ve-square`; with fewer steps of training where they are given."""
    chosen = recipe("ve-square", context.tier)
    engine = replace(chosen.engine, seed=context.seed, steps=steps or chosen.engine.steps)
    return context.run(replace(chosen, engine=engine), "ve-square" if steps is None else f"ve-square-{steps}")


def model_of(free: Trained) -> tuple[PointsExperiment, Denoiser, Prior]:
    """The experiment, its denoiser, and the density that sampling starts from."""
    experiment = free.experiment
    assert isinstance(experiment, PointsExperiment)
    return experiment, experiment.denoiser(free.networks), sampled_prior(experiment)


def filled_cells(free: Trained, draws: int, seed: int) -> Cells:
    """The flow's density at σ = SMOOTH over cells by Gauss–Legendre, and where the flow takes fresh noise."""
    _, denoiser, prior = model_of(free)
    start = float(denoiser.schedule.time(torch.tensor(SMOOTH, dtype=torch.float64)))
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(_NODES))
    width = 2 * EDGE / CELLS
    middles = torch.linspace(-EDGE + width / 2, EDGE - width / 2, CELLS, dtype=torch.float64)
    line = (middles[:, None] + nodes * width / 2).flatten()
    points = torch.stack(torch.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    log_p = ode_log_likelihood(denoiser, points.float(), prior, start=start, tolerance=_COARSE).double()
    density = log_p.exp().reshape(CELLS, _NODES, CELLS, _NODES)
    mass = torch.einsum("anbm,n,m->ab", density, weights, weights).flatten() * (width / 2) ** 2
    noise = prior.sample(SampleNoise(fold(seed, 45), draws, (2,)))
    x = ode_decode(denoiser, noise, start=start, tolerance=_COARSE).double()
    place = ((x + EDGE) / width).floor().long()
    inside = ((place >= 0) & (place < CELLS)).all(1)
    counts = torch.bincount(place[inside, 0] * CELLS + place[inside, 1], minlength=CELLS**2)
    return Cells(mass, counts / draws, draws)


def fresh_points(free: Trained, count: int, draws: int, seed: int) -> Points:
    """Fresh data with the noise of t = 0, whose exact density is known."""
    experiment, denoiser, prior = model_of(free)
    oracle, sigma = experiment.oracle, float(experiment.schedule.level(0.0).sigma)
    random = generator(seed, 46)
    x = oracle.sample(count, random)
    x = x + sigma * torch.randn(x.shape, generator=random, dtype=torch.float64)
    flow = ode_log_likelihood(denoiser, x.float(), prior, tolerance=_COARSE).double()
    return Points(oracle.log_density(x, 0.0), flow, elbo(denoiser, x.float(), prior, draws=draws, seed=seed).total)


def exact_gaps(oracle: Oracle, steps: tuple[int, ...], draws: int, seed: int) -> list[float]:
    """log p − bound of the exact denoiser in the middle, by the number of steps."""
    truth = float(oracle.log_density(_CENTRE, 0.0))
    return [truth - float(elbo(oracle, _CENTRE, OraclePrior(oracle), steps=count, draws=draws, seed=seed).total)
            for count in steps]


def naive(oracle: Oracle, draws: int, seed: int) -> tuple[float, float]:
    """The mean of N(0; x_0, σ(0)² I) over draws of x_0, which is p(0), and the standard error to expect of it."""
    sigma = float(oracle.schedule.level(0.0).sigma)
    random = generator(seed, 47)
    x = oracle.sample(draws, random)
    x = x + sigma * torch.randn(x.shape, generator=random, dtype=torch.float64)
    kernel = (-0.5 * x.square().sum(1) / sigma**2).exp() / (2 * math.pi * sigma**2)
    p = float(oracle.log_density(_CENTRE, 0.0).exp())
    return float(kernel.mean()), p * math.sqrt(relative_variance(p, sigma, 2) / draws)


def relative_variance(p: float, sigma: float, dim: int) -> float:
    """Of one draw's N(x; x_0, σ² I) where the density is p all around: 1/(p (4πσ²)^{D/2}) − 1."""
    return math.exp(-math.log(p) - dim / 2 * math.log(4 * math.pi * sigma**2)) - 1


def log10_draws(dim: int, sigma: float, error: float = 0.1) -> float:
    """log₁₀ of the draws for this relative error, where the density is that of the cube [−1, 1]^D."""
    each = math.log10(2) - 0.5 * math.log10(4 * math.pi * sigma**2)
    return dim * each - 2 * math.log10(error)
