"""Small experiments for the tests of this folder."""

from dataclasses import replace
from typing import Any

from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.points import PointsRecipe, ve_square, ve_square_classes


def small(recipe: PointsRecipe | None = None, **parts: Any) -> PointsExperiment:
    recipe = recipe or ve_square()
    recipe = replace(
        recipe, data=replace(recipe.data, count=200), network=replace(recipe.network, width=16),
        sampling=replace(recipe.sampling, steps=8),
        evaluation=replace(recipe.evaluation, samples=100, seeds=2, permutations=50, loss_points=2000))
    return PointsExperiment(replace(recipe, **parts))


def small_classes() -> PointsExperiment:
    return small(ve_square_classes())
