"""Small experiments for the tests of autoencoders."""

from dataclasses import replace
from functools import cache
from typing import Any

from genloom.recipes.autoencoder import AutoencoderRecipe, kl_autoencoder
from genloom.recipes.build_autoencoder import AutoencoderExperiment


def small_recipe(**parts: Any) -> AutoencoderRecipe:
    recipe = kl_autoencoder()
    recipe = replace(
        recipe, data=replace(recipe.data, size=16), network=replace(recipe.network, width=4, multipliers=(1, 2)),
        engine=replace(recipe.engine, steps=2, batch_size=8, precision="32", tensorboard=False),
        evaluation=replace(recipe.evaluation, samples=24, features="pixels"))
    return replace(recipe, **parts)


@cache
def small() -> AutoencoderExperiment:
    return AutoencoderExperiment(small_recipe())
