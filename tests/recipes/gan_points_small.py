"""Small GANs of points for the tests of this folder."""

from dataclasses import replace
from typing import Any

from genloom.recipes.build_gan_points import GanPointsExperiment
from genloom.recipes.gan_points import GanPointsRecipe, gan_grid


def small_gan(recipe: GanPointsRecipe | None = None, **parts: Any) -> GanPointsExperiment:
    recipe = recipe or gan_grid()
    recipe = replace(recipe, data=replace(recipe.data, count=300), network=replace(recipe.network, width=16, depth=3),
                     engine=replace(recipe.engine, steps=3, batch_size=20, log_every=1, threads=1, tensorboard=False,
                                    evaluate_every=0),
                     evaluation=replace(recipe.evaluation, samples=200, seeds=2, permutations=20))
    return GanPointsExperiment(replace(recipe, **parts))


def small_told_gan() -> GanPointsExperiment:
    base = gan_grid()
    network = replace(base.network, width=16, depth=3, told="concatenate", judging="projection")
    return small_gan(replace(base, data=replace(base.data, classes=5)), network=network,
                     data=replace(base.data, count=300, classes=5))
