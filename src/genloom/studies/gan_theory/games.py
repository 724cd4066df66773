"""The games that are compared on 25 modes, each with what belongs to it, on one budget and with the same networks."""

from dataclasses import replace
from typing import NamedTuple

from genloom.data.density import Gaussians
from genloom.recipes.build_gan_points import GanPointsExperiment
from genloom.recipes.gan_losses import LOSSES
from genloom.recipes.gan_points import GanPointsRecipe
from genloom.recipes.gans import Penalty
from genloom.recipes.judge_gan_points import Found, find
from genloom.recipes.registry import recipe
from genloom.studies.context import Context, Trained

GAMES: dict[str, Penalty] = {
    "non-saturating": Penalty(),
    "minimax": Penalty(),
    "least-squares": Penalty(),
    "hinge": Penalty(),
    "wgan": Penalty(),
    "wgan-gp": Penalty(kind="unit-slope", weight=1.0),
    "r1": Penalty(kind="r1", weight=0.1),
    "r3gan": Penalty(kind="r1+r2", weight=0.1),
}
"""The games by their name in `recipes.gan_losses`, with penalties for points, whose squares are of size 1 in all."""
CLIP = 0.5
"""Of WGAN: with the 0.01 of pictures a critic of six layers passes nothing on."""
SEEDS, STEPS = 3, 5000
_LOOKS = 5  # evaluations on the way


class Played(NamedTuple):
    """One run of a game.

    found   what a drawing has of the modes
    """

    game: str
    seed: int
    trained: Trained
    experiment: GanPointsExperiment
    found: Found


def said(game: str) -> str:
    """A game's name in words."""
    return LOSSES[game].said


def game_recipe(context: Context, game: str, seed: int) -> GanPointsRecipe:
    """`gan-grid` with another game: one update of the discriminator for each of the generator."""
    base: GanPointsRecipe = recipe("gan-grid", context.tier)
    steps = STEPS if context.tier == "laptop" else base.engine.steps
    loss = replace(LOSSES[game].loss, critic_steps=1, clip=CLIP if game == "wgan" else 0.0)
    engine = replace(base.engine, steps=steps, seed=seed, evaluate_every=max(1, steps // _LOOKS), tensorboard=False)
    return replace(base, loss=loss, penalty=GAMES[game], engine=engine)


def played(context: Context, game: str, seed: int) -> Played:
    """The run of a game and a seed, judged once."""
    def work() -> Played:
        trained = context.run(game_recipe(context, game, seed), f"{game}-{seed}")
        experiment = trained.experiment
        assert isinstance(experiment, GanPointsExperiment)
        assert isinstance(experiment.data.density, Gaussians)
        points = experiment.draw(trained.networks, count=experiment.recipe.evaluation.samples, seed=seed)
        return Played(game, seed, trained, experiment, find(points, experiment.data.density))

    return context.once(("played", game, seed), work)


def every(context: Context) -> dict[str, list[Played]]:
    """All games with all seeds."""
    seeds = range(context.seed, context.seed + SEEDS)
    return {game: [played(context, game, seed) for seed in seeds] for game in GAMES}
