"""A recipe is made real by the builder that its class names."""

from dataclasses import replace

from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.experiment import build, drawn_at
from genloom.recipes.images import ddpm_images
from genloom.recipes.known import Known
from genloom.recipes.points import ve_square


def test_the_builder_of_the_recipes_class_is_asked() -> None:
    experiment = build(ve_square())
    assert isinstance(experiment, PointsExperiment)
    assert experiment.recipe == ve_square()


def test_a_picture_on_the_way_names_its_recipe_seed_and_step() -> None:
    assert drawn_at(ve_square(), 7) == {"recipe": "ve-square", "seed": "0", "checkpoint": "step 7, before it was saved"}


def test_what_is_known_of_the_data_takes_their_place() -> None:
    recipe = ddpm_images()
    known = Known(class_names=(), labels=None, sets=False, most=0, mean=0.1, variance=0.2, description="d", digest="e")
    experiment = build(replace(recipe, data=replace(recipe.data, folder="/nowhere")), known=known)
    assert isinstance(experiment, ImagesExperiment)
    assert len(experiment.data) == 0
    assert experiment.known == known
