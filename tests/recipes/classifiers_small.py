"""Small classifiers for the tests of this folder."""

from dataclasses import replace
from typing import Any

from genloom.recipes.build_classifiers import ClassifierExperiment
from genloom.recipes.classifiers import (
    ClassifierRecipe,
    Evaluation,
    Network,
    digit_classifier,
    digit_classifier_noisy,
)
from genloom.recipes.images import Data

SHAPES = Data(source="shapes", size=8, channels=1, zoom=1.0, flip=False)


def small_recipe(noisy: bool = False, **parts: Any) -> ClassifierRecipe:
    recipe = digit_classifier_noisy() if noisy else digit_classifier()
    recipe = replace(recipe, data=SHAPES, network=Network(width=4, multipliers=(1, 2)),
                     engine=replace(recipe.engine, steps=4, batch_size=8, tensorboard=False),
                     evaluation=Evaluation(samples=60, bins=5, levels=4, level_samples=40))
    return replace(recipe, **parts)


def small(noisy: bool = False, **parts: Any) -> ClassifierExperiment:
    return ClassifierExperiment(small_recipe(noisy, **parts))
