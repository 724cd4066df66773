"""What the items of the study share: the trained model, the exact answer, and samples of both from the same noise."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from genloom.data.glyphs import Glyph, cells, contains, glyphs
from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.state import State
from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.points import PointsRecipe
from genloom.recipes.points_parts import make_levels
from genloom.recipes.registry import recipe
from genloom.rng import fold
from genloom.studies.context import Context, Trained
from genloom.studies.letters.exact import ExactLetters

Source = Literal["model", "exact"]
NAMES: dict[Source, str] = {"model": "trained network", "exact": "exact score"}
TRACKS = 5


class Setting(NamedTuple):
    """The trained model beside the exact answer.

    sigmas   the noise levels, falling
    """

    trained: Trained
    experiment: PointsExperiment
    exact: ExactLetters
    letters: tuple[Glyph, ...]
    sigmas: tuple[float, ...]

    @property
    def per_level(self) -> int:
        """T, the Langevin steps at each level."""
        return max(1, self.recipe.sampling.steps // len(self.sigmas))

    @property
    def recipe(self) -> PointsRecipe:
        """The recipe of the model."""
        return self.experiment.recipe

    @property
    def step(self) -> float:
        """ε/σ_L²: every level's step is this many σ_i²."""
        return self.recipe.sampling.epsilon / self.sigmas[-1] ** 2

    def denoiser(self, source: Source) -> Denoiser:
        """The trained network or the exact answer."""
        return self.exact if source == "exact" else self.experiment.denoiser(self.trained.networks)

    def time(self, sigma: float) -> float:
        """The time at which the noise is σ."""
        return float(self.experiment.schedule.time(torch.tensor(sigma, dtype=torch.float64)))


def letters_recipe(context: Context) -> PointsRecipe:
    """The recipe of the study's one run."""
    chosen: PointsRecipe = recipe("score-letters", context.tier)
    return replace(chosen, data=replace(chosen.data, seed=context.seed),
                   engine=replace(chosen.engine, seed=context.seed))


def setting(context: Context) -> Setting:
    """The trained model and the exact answer, made once."""
    def make() -> Setting:
        trained = context.run(letters_recipe(context), "score-letters")
        experiment = trained.experiment
        assert isinstance(experiment, PointsExperiment)
        letters, chosen = glyphs(experiment.recipe.data.text), experiment.recipe
        levels = make_levels(chosen.sampling, chosen.diffusion, experiment.schedule)[:-1]
        sigmas = tuple(float(level.sigma) for level in levels)
        return Setting(trained, experiment, ExactLetters(experiment.schedule, letters), letters, sigmas)

    return context.once("setting", make)


def seeds(context: Context, here: Setting) -> tuple[int, ...]:
    """The sampling seeds of the study."""
    return tuple(range(context.seed, context.seed + here.recipe.evaluation.seeds))


class Walk(NamedTuple):
    """One run of annealed Langevin dynamics.

    marks    points (N, 2) after so many steps: the start, every second level, and the end
    tracks   every state of the first few samples, (1 + L·T, TRACKS, 2)
    jumps    root mean square length of a step at each level, (L,)
    cells    the letter in whose strip of the plane each sample is at the start and after each level, (1 + L, N)
    """

    marks: dict[int, Tensor]
    tracks: Tensor
    jumps: Tensor
    cells: Tensor

    @property
    def end(self) -> Tensor:
        """The last points."""
        return self.marks[max(self.marks)]


def walk(context: Context, source: Source, seed: int) -> Walk:
    """The algorithm run with the network or with the exact score, from the same start and with the same noise."""
    here = setting(context)

    def run() -> Walk:
        count = here.recipe.evaluation.samples
        return record(here, here.experiment.walk(here.denoiser(source), here.recipe.sampling, count, fold(seed, 11)))

    return context.once(("walk", source, seed), run)


@torch.no_grad()
def record(here: Setting, states: Iterator[State]) -> Walk:
    """Look at the states of a run as they pass."""
    per_level, marks, tracks, places, jumps = here.per_level, {}, [], [], []
    previous: Tensor | None = None
    for i, state in enumerate(states):
        x = state.x.cpu().double()
        if i % (2 * per_level) == 0 or i == per_level * len(here.sigmas):
            marks[i] = x
        if i % per_level == 0:
            places.append(strip(here.letters, x))
        if previous is not None:
            jumps.append((x - previous).square().sum(1).mean())
        tracks.append(x[:TRACKS])
        previous = x
    each = torch.stack(jumps).reshape(len(here.sigmas), per_level).mean(1).sqrt()
    return Walk(marks, torch.stack(tracks), each, torch.stack(places))


def strip(letters: tuple[Glyph, ...], points: Tensor) -> Tensor:
    """The letter in whose vertical strip each point (N, 2) lies, (N,): the plane is cut halfway between letters."""
    low, _ = cells(letters)
    return torch.bucketize(points[:, 0].contiguous(), low[1:, 0].contiguous())


def inside(letters: tuple[Glyph, ...], points: Tensor) -> Tensor:
    """Which points (N, 2) lie inside a letter, (N,) bool."""
    return torch.stack([contains(letter, points) for letter in letters]).any(0)


def spell(letters: tuple[Glyph, ...]) -> str:
    """The text that the letters spell."""
    return "".join(letter.name for letter in letters)


def marks(here: Setting) -> list[int]:
    """The steps whose points are kept."""
    last = here.per_level * len(here.sigmas)
    return sorted({*range(0, last + 1, 2 * here.per_level), last})


def level_rows(here: Setting) -> Iterator[tuple[int, float, float]]:
    """Number, σ_i and α_i of each level."""
    for i, sigma in enumerate(here.sigmas):
        yield i + 1, sigma, here.step * sigma**2


def changes(cells_: Tensor) -> list[float]:
    """Share of samples that end a level in another letter's strip than they began it in, for each level."""
    return [float((before != after).double().mean()) for before, after in pairwise(cells_)]
