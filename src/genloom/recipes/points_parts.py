"""The parts of a points recipe, made from its configuration: data, network, oracle, start, levels."""

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from genloom.data.density import Boxes, Gaussians
from genloom.data.points import points
from genloom.data.pointset import PointSet
from genloom.diffusion import schedule as schedules
from genloom.diffusion.grid import grid
from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.oracle.boxes import BoxOracle
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.prior import GaussianPrior, OraclePrior, Prior, cloud_prior, moment_matched, standard_prior
from genloom.nn.mlp import MLP
from genloom.nn.scorenet import ScoreNet
from genloom.recipes.points import Data, Network, Sampling
from genloom.recipes.process import Diffusion
from genloom.rng import fold
from genloom.training.method import Networks

_CLOUD = 20_000  # points that stand for a density without a closed form


class OfPoints(Protocol):
    """What judging and showing need of an experiment on points, whichever family makes them."""

    data: PointSet
    """The training points."""

    @property
    def recipe(self) -> Any:
        """A recipe with `data` and `evaluation`."""
        ...

    def draw(self, networks: Networks, *, count: int, seed: int, labels: Tensor | None = None) -> Tensor:
        """New points (count, 2)."""
        ...

    def labels_for(self, count: int, seed: int, request: str | None = None) -> Tensor | None:
        """Classes to condition on."""
        ...


def make_data(data: Data, *, seed: int | None = None, count: int | None = None) -> PointSet:
    """The training points, or fresh ones of the same distribution under another seed."""
    return points(data.pattern, count or data.count, data.seed if seed is None else seed, classes=data.classes,
                  text=data.text, path=data.path)


def make_network(config: Network, classes: int, seed: int) -> nn.Module:
    """The network, with weights that are a function of the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 0))
        if config.kind == "scorenet":
            return ScoreNet(width=config.width)
        return MLP(width=config.width, depth=config.depth, frequencies=config.frequencies, classes=classes,
                   embedding=config.embedding)


def make_oracle(data: PointSet, config: Data, schedule: schedules.Schedule) -> Oracle:
    """The exact denoiser of the data's density, or of a large fresh cloud of points where there is no closed form."""
    density = data.density
    if isinstance(density, Boxes):
        return BoxOracle(schedule, density.low, density.high, density.weights, density.labels)
    if isinstance(density, Gaussians):
        return MixtureOracle(schedule, density.means, density.covariances, density.weights, density.labels)
    cloud = data if config.pattern == "file" else make_data(config, seed=fold(config.seed, 1), count=_CLOUD)
    return CloudOracle(schedule, cloud.points.double(), cloud.labels)


def make_prior(start: str, data: Tensor, schedule: schedules.Schedule, *, known: Tensor | None = None,
               labels: Tensor | None = None) -> Prior:
    """The start at t = 1: `standard` N(0, I), `data` the exact p_1 of the points, `moments` a matched normal.

    Each class has a p_1 of its own: with `labels` (B,) the start of each sample is that of its class's points.

    known   classes of the data, shape (N,)
    """
    if start == "standard":
        return standard_prior()
    if labels is None or known is None:
        return cloud_prior(schedule, data) if start == "data" else moment_matched(schedule, data)
    if start == "data":
        return OraclePrior(CloudOracle(schedule, data.double(), known).with_labels(labels))
    each = [moment_matched(schedule, data[known == k]) for k in range(int(known.max()) + 1)]
    each.append(moment_matched(schedule, data))  # the null class is all of the data
    mean, std = (torch.stack(parts) for parts in zip(*((one.mean, one.std) for one in each), strict=True))
    return GaussianPrior(mean[labels], std[labels])


def make_levels(sampling: Sampling, diffusion: Diffusion, schedule: schedules.Schedule) -> list[schedules.Level]:
    """The levels a sampler visits; for langevin the noise levels of training."""
    if sampling.sampler == "langevin":
        return grid(schedule, diffusion.levels, "log-snr")
    return grid(schedule, sampling.steps, sampling.spacing)


def sampler_options(sampling: Sampling, diffusion: Diffusion) -> dict[str, Any]:
    """The options of the recipe's sampler beyond the levels."""
    if sampling.sampler == "langevin":
        return {"epsilon": sampling.epsilon, "per_level": max(1, sampling.steps // diffusion.levels)}
    return {"eta": sampling.eta} if sampling.sampler == "ddim" else {}
