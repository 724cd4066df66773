"""What S2.19 and S2.20 measure: probabilities of chosen points by the bound, by the flow and in closed form."""

import copy
import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.grid import grid
from genloom.diffusion.likelihood import Bound, elbo
from genloom.diffusion.prior import OraclePrior, Prior, standard_prior
from genloom.diffusion.probability_flow import ode_log_likelihood
from genloom.diffusion.samplers.registry import sample
from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.points_parts import make_prior
from genloom.rng import SampleNoise, fold, generator
from genloom.studies.context import Trained
from genloom.studies.square.setting import Setting
from genloom.training.method import Networks

TRUTH = -math.log(4)
DRAWS, FRESH = 1 << 16, 512
FINE = 10_000
_OUTSIDE = ((1.0, 0.0), (1.1, 0.0), (1.5, 1.5), (2.5, -1.5))
_PAIRS = (
    (0.0, 0.0, "centre"),
    (0.0, 0.0, "left"),
    (0.75, 0.25, "right"),
    (0.75, 0.25, "centre"),
    (-0.45, 0.0, "centre"),
    (-0.45, 0.0, "left"),
    (1.5, 1.5, "top"),
)
_ODE = 1e-4  # tolerance of the flow: a network's kinks make a finer one slow, and this one moves log p by about .005
_FINER = 1e-5


class Row(NamedTuple):
    """One point: what the model and the exact denoiser make of it.

    exact   log-density of the data blurred by σ(0), which is what both estimates are of
    truth   log-density of the data itself
    """

    name: str
    point: Tensor
    label: int | None
    bound: float
    stderr: float
    flow: float
    exact_bound: float
    exact: float
    truth: float


class Likelihoods(NamedTuple):
    """Everything that S2.19 and S2.20 say.

    plain, told   points for the unconditional and the conditional model
    origin        the bound at (0, 0) at T = 1000 and at T = 10,000, of the model and of the exact denoiser
    flow          log p(0, 0) by the flow of the model
    divergence    KL(data ‖ model) in nats, with its standard error
    flow_error    largest error of the flow's likelihood with the exact denoiser, inside the square
    """

    plain: list[Row]
    told: list[Row]
    origin: dict[str, Bound]
    flow: float
    divergence: tuple[float, float]
    flow_error: float


def precise(trained: Trained) -> Networks:
    """Copies of a run's networks in float64, for solvers with small tolerances; what they were given is not changed."""
    return {
        name: copy.deepcopy(network).cpu().double().requires_grad_(False) for name, network in trained.networks.items()
    }


def sampled_prior(experiment: PointsExperiment) -> Prior:
    """The density of the points that the recipe's sampling starts from."""
    return make_prior(experiment.recipe.sampling.start, experiment.data.points, experiment.schedule)


def likelihoods(free: Trained, here: Setting, seed: int, draws: int, fresh: int) -> Likelihoods:
    """Both models' probabilities; `fresh` points of the data for the divergence."""
    experiment = free.experiment
    assert isinstance(experiment, PointsExperiment)
    oracle, own, networks = experiment.oracle, sampled_prior(experiment), precise(free)
    denoiser, origin = experiment.denoiser(networks), torch.zeros(1, 2, dtype=torch.float64)
    bounds = {
        name: elbo(each, origin, prior, steps=steps, draws=4 * draws)
        for steps in (1000, FINE)
        for name, each, prior in ((f"model {steps}", denoiser, own), (f"exact {steps}", oracle, OraclePrior(oracle)))
    }
    bounds["standard"] = elbo(denoiser, origin, standard_prior(), draws=4 * draws)
    bounds["mean"] = elbo(denoiser, origin, own, draws=4 * draws, reduction="mean")
    sigma = float(experiment.schedule.level(0.0).sigma)
    data = oracle.sample(fresh, generator(seed, 20))
    data = data + sigma * torch.randn(data.shape, generator=generator(seed, 21), dtype=torch.float64)
    gap = oracle.log_density(data, 0.0) - ode_log_likelihood(
        experiment.denoiser(free.networks), data.float(), own, tolerance=1e-3
    )
    inside = torch.tensor([[0.0, 0.0], [0.6, -0.3], [-0.9, 0.9]], dtype=torch.float64)
    error = ode_log_likelihood(oracle, inside, OraclePrior(oracle)) - oracle.log_density(inside, 0.0)
    return Likelihoods(plain_rows(free, draws, seed), told_rows(here, draws), bounds,
                       float(ode_log_likelihood(denoiser, origin, own, tolerance=_FINER)),
                       (float(gap.mean()), float(gap.std() / fresh**0.5)), float(error.abs().max()))


def plain_rows(free: Trained, draws: int, seed: int) -> list[Row]:
    """The middle, three points that the model drew, the border, and points outside."""
    experiment = free.experiment
    assert isinstance(experiment, PointsExperiment)
    sampling = experiment.recipe.sampling
    start = sampled_prior(experiment).sample(SampleNoise(fold(seed, 22), 3, (2,)))
    drawn = _decode(experiment, free.networks, start, sampling.steps)
    points = torch.cat([torch.zeros(1, 2), drawn, torch.tensor(_OUTSIDE)]).double()
    oracle, own = experiment.oracle, sampled_prior(experiment)
    bound, best = (
        elbo(experiment.denoiser(free.networks), points.float(), own, draws=draws),
        elbo(oracle, points, OraclePrior(oracle), draws=draws),
    )
    flow = ode_log_likelihood(experiment.denoiser(precise(free)), points, own, tolerance=_ODE)
    assert experiment.data.density is not None
    exact, truth = oracle.log_density(points, 0.0), experiment.data.density.log_density(points)
    columns = (bound.total, bound.stderr, flow, best.total, exact, truth)
    return [
        Row("ABCDEFGHIJ"[i], points[i], None, *(float(column[i]) for column in columns)) for i in range(len(points))
    ]


def told_rows(here: Setting, draws: int) -> list[Row]:
    """Pairs of classes at one location, and a point that is outside for every class."""
    experiment, oracle = here.experiment, here.experiment.oracle
    points = torch.tensor([[x, y] for x, y, _ in _PAIRS], dtype=torch.float64)
    labels = torch.tensor([here.names.index(name) if name in here.names else 0 for *_, name in _PAIRS])
    flow = ode_log_likelihood(
        experiment.denoiser(precise(here.trained), labels),
        points,
        OraclePrior(oracle.with_labels(labels)),
        tolerance=_ODE,
    )
    rows = []
    for i, (point, label) in enumerate(zip(points, labels, strict=True)):
        known = oracle.with_labels(label)
        told = experiment.denoiser(here.trained.networks, label[None])
        bound = elbo(told, point[None].float(), OraclePrior(known), draws=draws)
        best = elbo(known, point[None], OraclePrior(known), draws=draws)
        inside = bool(((point >= here.boxes.low[label]) & (point <= here.boxes.high[label])).all())
        truth = math.log(1 / float(here.boxes.volumes[label])) if inside else -math.inf
        rows.append(Row("KLMNOPQ"[i], point, int(label), float(bound.total), float(bound.stderr), float(flow[i]),
                        float(best.total), float(known.log_density(point[None], 0.0)), truth))
    return rows


def _decode(experiment: PointsExperiment, networks: Networks, start: Tensor, steps: int) -> Tensor:
    return sample(
        experiment.recipe.sampling.sampler, experiment.denoiser(networks), start, grid(experiment.schedule, steps)
    ).float()
