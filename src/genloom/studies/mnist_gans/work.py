"""What the items share: how much is trained and judged, the runs, and the pictures that they drew."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import NonFiniteError
from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.gan_losses import LOSSES, with_loss
from genloom.recipes.gans import GanRecipe
from genloom.recipes.registry import recipe
from genloom.recipes.show_game import epochs
from genloom.studies import at_hand
from genloom.studies.context import Context, Trained
from genloom.studies.mnist_gans.written import SIZE
from genloom.training.checkpoint import Checkpoints, load_networks


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is trained and judged.

    steps     of a loss with one update of each network a step; the others have as many updates in all
    seeds     runs of each loss
    samples   pictures that are judged, and the same number of real ones beside them
    """

    steps: int = 2000
    seeds: int = 3
    samples: int = 10_000


SIZES = {"laptop": Sizes(), "gpu": Sizes(steps=20_000)}
"""By tier."""

STAGES = {"tiny-gan": 10}
"""Checkpoints that a run keeps, evenly spaced, by recipe; `_FEW` for the others."""
_FEW = 4


class Played(NamedTuple):
    """A finished run with its experiment."""

    trained: Trained
    experiment: GanExperiment

    @property
    def recipe(self) -> GanRecipe:
        """The recipe of the run."""
        return self.experiment.recipe

    @property
    def name(self) -> str:
        """The folder of the run."""
        return self.trained.name

    def epoch(self, step: int) -> float:
        """How often the training pictures were seen after so many steps."""
        return epochs(self.experiment, step)


def play(context: Context, name: str) -> Played:
    """The run of a named recipe on the digits at hand, with a checkpoint of each stage."""
    stages = STAGES.get(name, _FEW)
    chosen = _here(context, recipe(name, context.tier), context.seed)
    every = max(1, chosen.engine.steps // stages)
    # looked at when it is saved, since a checkpoint in between that is the best would take the place of another
    engine = replace(chosen.engine, keep=stages, save_every=every, evaluate_every=every, sample_every=0)
    return _played(context, replace(chosen, engine=engine), name)


def game(context: Context, loss: str, seed: int) -> Played | None:
    """The course's convolutional pair with this loss; None where a number that is not finite ended the training."""
    base: GanRecipe = recipe("dcgan-mnist", context.tier)
    # a checkpoint has 90 MB, and the best one would be another
    engine = replace(base.engine, steps=SIZES[context.tier].steps, keep=1, evaluate_every=0, sample_every=0)
    chosen = _here(context, with_loss(replace(base, engine=engine), loss), seed)
    name = f"{loss}-{seed}"
    try:
        return _played(context, chosen, name)
    except NonFiniteError as error:
        context.used.discard(name)
        context.screen.say(f"{name}: {error}")
        return None


def games(context: Context, loss: str) -> dict[int, Played | None]:
    """The runs of a loss by seed."""
    seeds = range(context.seed, context.seed + SIZES[context.tier].seeds)
    return {seed: context.once(("game", loss, seed), partial(game, context, loss, seed)) for seed in seeds}


def all_games(context: Context) -> dict[str, dict[int, Played | None]]:
    """The runs of every loss."""
    return {loss: games(context, loss) for loss in LOSSES}


def _here(context: Context, chosen: GanRecipe, seed: int) -> GanRecipe:
    """The recipe on the digits at hand, judged by as many pictures as the study draws."""
    data = at_hand.digits(context.data_root, SIZE).data
    judged = replace(chosen.evaluation, samples=SIZES[context.tier].samples)
    return replace(chosen, data=data, evaluation=judged, engine=replace(chosen.engine, seed=seed))


def _played(context: Context, chosen: GanRecipe, name: str) -> Played:
    trained = context.run(chosen, name)
    assert isinstance(trained.experiment, GanExperiment)
    trained.networks["generator"].to("cuda" if torch.cuda.is_available() else "cpu")
    return Played(trained, trained.experiment)


def drawn(context: Context, played: Played, count: int) -> Tensor:
    """New pictures of a run, bytes (count, 1, 28, 28); the study's seed decides them."""
    return played.experiment.draw(played.trained.networks, count=count, seed=context.seed)


def stages(context: Context, played: Played, count: int) -> Mapping[int, Tensor]:
    """The same z as pictures of each checkpoint that the run has, by its step."""
    def work() -> dict[int, Tensor]:
        found, networks = {}, played.trained.networks
        for step in Checkpoints(played.trained.path / "checkpoints").steps():
            load_networks(played.trained.path, networks, step=step)
            found[step] = drawn(context, played, count)
        load_networks(played.trained.path, networks)
        return found

    return context.once(("stages", played.name, count), work)
