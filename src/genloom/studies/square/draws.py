"""What the unconditional items share: the trained and the exact denoiser, starts, samples, and their distances."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.grid import grid
from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.samplers.registry import sample
from genloom.diffusion.schedule import Schedule
from genloom.metrics.floor import Floor, fresh_floor
from genloom.metrics.sliced import sliced_wasserstein
from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.points import Sampling
from genloom.recipes.points_parts import make_prior
from genloom.rng import SampleNoise, fold, generator
from genloom.studies.context import Context, Trained
from genloom.studies.square.runs import unconditional

VIEW = ((-1.45, -1.45), (1.45, 1.45))
"""The part of the plane that pictures of samples show."""
CORNERS = ((-1.0, -1.0), (1.0, 1.0))
STD = 3**-0.5
"""Standard deviation of a coordinate that is uniform in [−1, 1]: (2²/12)^½."""
RING = 1 - 0.8**2
"""Share of the square where the larger of |x| and |y| is above .8."""

T = TypeVar("T")
Measure = Callable[[Tensor], float]
Start = Literal["moments", "data", "standard"]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How many draws the numbers of the unconditional items stand on.

    seeds        sampling seeds whose samples are tested, of `samples` points each
    wrong        sampling seeds for the start that is wrong
    compared     points behind one distance
    most         the largest number of steps
    paths        paths whose variance is measured
    repeats      how often one start is sampled
    """

    samples: int = 1000
    seeds: int = 20
    wrong: int = 5
    compared: int = 4000
    most: int = 1000
    paths: int = 10_000
    repeats: int = 250
    permutations: int = 500


EFFORT = Effort()


@dataclass(frozen=True)
class Square:
    """The unconditional run beside the exact answers."""

    trained: Trained
    experiment: PointsExperiment
    seed: int

    @property
    def network(self) -> Denoiser:
        """The trained denoiser."""
        return self.experiment.denoiser(self.trained.networks)

    @property
    def oracle(self) -> Oracle:
        """The exact denoiser of the uniform square."""
        return self.experiment.oracle

    @property
    def schedule(self) -> Schedule:
        """σ(t)."""
        return self.experiment.schedule

    @property
    def points(self) -> Tensor:
        """The training points, (N, 2)."""
        return self.experiment.data.points

    @property
    def denoisers(self) -> dict[str, Denoiser]:
        """Both denoisers by the names that figures and tables give them."""
        return {"trained": self.network, "exact": self.oracle}

    def seeds(self, count: int) -> tuple[int, ...]:
        """Sampling seeds that are this study's own."""
        return tuple(100 * self.seed + k for k in range(count))

    def fresh(self, count: int, *parts: int) -> Tensor:
        """New points of the square, (count, 2) float32, that nothing was trained on."""
        return self.oracle.sample(count, generator(self.seed, 1001, *parts)).float()

    def start(self, count: int, part: int, kind: str = "moments") -> Tensor:
        """Points to start from, (count, 2): N(0, I) as `standard`, p_1 by its `moments`, or p_1 of the `data`."""
        noise = SampleNoise(fold(self.seed, 1002, part), count, (2,))
        return make_prior(kind, self.points, self.schedule).sample(noise)

    def run(
        self,
        denoiser: Denoiser,
        x: Tensor,
        steps: int,
        sampler: str = "ddim",
        spacing: str = "uniform",
        *,
        clean: bool = True,
        part: int = 0,
        **options: Any,
    ) -> Tensor:
        """The end of a sampler's way from x, (B, 2); what noise it needs is a function of (seed, part)."""
        noise = SampleNoise(fold(self.seed, 1003, part), len(x), (2,), dtype=x.dtype)
        return sample(sampler, denoiser, x, grid(self.schedule, steps, spacing, clean=clean), noise=noise, **options)

    def draw(self, seed: int, count: int, steps: int, start: Start = "moments") -> Tensor:
        """Samples of the trained model as `genloom sample` draws them, with another number of steps or start."""
        sampling: Sampling = replace(self.experiment.recipe.sampling, steps=steps, start=start)
        return self.experiment.draw(self.trained.networks, sampling, count=count, seed=seed)


def square(context: Context) -> Square:
    """The unconditional run of this study, trained where it is not there yet."""
    trained = unconditional(context)
    assert isinstance(trained.experiment, PointsExperiment)
    return Square(trained, trained.experiment, context.seed)


@contextmanager
def one_core() -> Iterator[None]:
    """One thread inside a `with`, or for a function that it decorates.

    The matrices of this study are too small to be shared by cores, which on a busy machine wait for one another at
    each of them; and so no result depends on the number of cores.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def side_by_side(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """The results of independent tasks, as many at a time as torch has threads, each on one core."""
    workers = min(torch.get_num_threads(), len(tasks))
    with one_core(), ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda task: task(), tasks))


def ring_share(points: Tensor) -> float:
    """Share of points (N, 2) with max(|x|, |y|) > .8."""
    return (points.abs().amax(1) > 0.8).float().mean().item()


def coordinate_std(points: Tensor) -> float:
    """Standard deviation of a coordinate of points (N, 2)."""
    return points.double().std(0).square().mean().sqrt().item()


def distance(here: Square, points: Tensor) -> float:
    """Sliced Wasserstein-2 distance to as many fresh points of the square."""
    return sliced_wasserstein(points, here.fresh(len(points), 0), directions=128)


def distance_floor(context: Context, here: Square) -> Floor:
    """What `distance` gives for data against data."""
    metric = partial(sliced_wasserstein, directions=128)
    return context.once(
        "floor of the distance",
        lambda: fresh_floor(
            metric, lambda count, seed: here.fresh(count, seed), EFFORT.compared, pairs=12, seed=here.seed
        ),
    )


def rms(difference: Tensor) -> float:
    """Root of the mean squared length of differences (N, 2)."""
    return difference.double().square().sum(1).mean().sqrt().item()
