"""A small world of labelled pictures, and small evaluators of it, for the tests of this folder."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from genloom.data.images.imageset import ImageSet
from genloom.recipes.build_evaluator import EvaluatorExperiment
from genloom.recipes.evaluator import Augmentation, Evaluation, EvaluatorRecipe, Network, evaluator_iclevr
from genloom.recipes.images import Data
from genloom.recipes.images_parts import Pictures
from genloom.rng import generator

NAMES = tuple(f"{colour} {shape}" for shape in ("square", "frame") for colour in ("red", "green", "blue"))
SIZE = 16


def world(count: int = 60, seed: int = 0) -> ImageSet:
    """Pictures (N, 3, 16, 16) of one or two of six things, each in a half of its own, as sets of labels."""
    random = generator(seed, count)
    pictures = torch.randint(90, 110, (count, 3, SIZE, SIZE), dtype=torch.uint8, generator=random)
    sets = torch.zeros(count, 6, dtype=torch.uint8)
    for i in range(count):
        for half, thing in enumerate(torch.randperm(6, generator=random)[: 1 + i % 2].tolist()):
            top, left = torch.randint(0, 9, (1,), generator=random).item(), 8 * half + 1
            pictures[i, :, top : top + 6, left : left + 6] = 0
            pictures[i, thing % 3, top : top + 6, left : left + 6] = 255
            if thing >= 3:
                pictures[i, :, top + 2 : top + 4, left + 2 : left + 4] = 100
            sets[i, thing] = 1
    return ImageSet(pictures=pictures, labels=sets, class_names=NAMES, description=f"{count} pictures of a small world")


def small_recipe(**parts: Any) -> EvaluatorRecipe:
    recipe = evaluator_iclevr()
    recipe = replace(recipe, data=Data(source="shapes", size=SIZE, zoom=1.0, flip=False),
                     network=Network(width=4, blocks=(1, 1)), augmentation=Augmentation(shift=1, brightness=0.1),
                     engine=replace(recipe.engine, steps=4, batch_size=8, tensorboard=False),
                     evaluation=Evaluation(samples=40))
    return replace(recipe, **parts)


def use_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluators that are built see the small world, whatever their data are called."""
    found = Pictures(world(), world(30, seed=1))
    monkeypatch.setattr("genloom.recipes.build_evaluator.make_data", lambda data, root: found)


def small(**parts: Any) -> EvaluatorExperiment:
    return EvaluatorExperiment(small_recipe(**parts))
