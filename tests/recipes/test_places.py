"""Paths are told from names, and what trains a model from what does not."""

from dataclasses import replace
from typing import Any

import pytest

from genloom.recipes.fields import leaves
from genloom.recipes.gans import sngan
from genloom.recipes.gpt import Data, gpt
from genloom.recipes.images import Evaluation, Sampling, ddpm_images
from genloom.recipes.places import JUDGES, PLACES, other_training, without_places
from genloom.recipes.points import ve_square
from genloom.recipes.registry import FAMILIES, family


def test_every_place_is_a_field_of_some_recipe() -> None:
    there = {leaf.name for kind in FAMILIES for leaf in leaves(family(kind))}
    assert set(PLACES) <= there
    assert set(JUDGES) <= there


def test_paths_are_taken_out_and_names_stay() -> None:
    base = ddpm_images()
    own = replace(base, latent=replace(base.latent, autoencoder="/runs/codes"),
                  evaluation=Evaluation(weights="w.pt", judge="/runs/judge"))
    assert without_places(own) == base
    named = replace(base, evaluation=Evaluation(judge="evaluator-iclevr-b"))
    assert without_places(named) == named


def test_the_path_of_a_text_is_taken_out_and_letters_stay() -> None:
    own = replace(gpt(), data=Data(text="/home/me/book.txt"))
    assert without_places(own).data.text == ""
    assert without_places(gpt()) == gpt()
    assert without_places(ve_square()).data.text == ve_square().data.text


@pytest.mark.parametrize("change", [
    {"sampling": Sampling(steps=3)}, {"summary": "other words"}, {"evaluation": Evaluation(judge="x", label_seeds=1)}])
def test_what_only_samples_and_judges_trains_the_same(change: dict[str, Any]) -> None:
    assert other_training(replace(ddpm_images(), **change), ddpm_images()) == []


def test_what_trains_otherwise_is_named() -> None:
    base = sngan()
    other = replace(base, engine=replace(base.engine, seed=2, threads=1), loss=replace(base.loss, evaluator="a"))
    assert other_training(other, base) == ["loss.evaluator a, not ", "engine.seed 2, not 0"]
    assert other_training(ve_square(), base) == ["a PointsRecipe, not a GanRecipe"]
