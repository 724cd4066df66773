"""A recipe is made real by the builder that its class names."""

from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.experiment import build, drawn_at
from genloom.recipes.points import ve_square


def test_the_builder_of_the_recipes_class_is_asked() -> None:
    experiment = build(ve_square())
    assert isinstance(experiment, PointsExperiment)
    assert experiment.recipe == ve_square()


def test_a_picture_on_the_way_names_its_recipe_seed_and_step() -> None:
    assert drawn_at(ve_square(), 7) == {"recipe": "ve-square", "seed": "0", "checkpoint": "step 7, before it was saved"}
