from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import torch

from genloom.recipes.images import Data
from genloom.recipes.registry import recipe
from genloom.studies import at_hand
from genloom.studies.context import Context
from genloom.studies.inpainting import deliverables, doors_ways, work

SIZE = 16


def tiny_recipe(name: str, tier: str):
    """The study's recipes at a size that trains and samples in a moment."""
    base = recipe(name, tier)
    engine = replace(base.engine, steps=3, batch_size=8, threads=1, tensorboard=False, log_every=1, precision="32")
    base = replace(base, data=replace(base.data, size=SIZE), engine=engine)
    if name == "ddpm-cats":
        return replace(base, network=replace(base.network, width=8, multipliers=(1, 2), blocks=1),
                       schedule=replace(base.schedule, steps=3), evaluation=replace(base.evaluation, track=False))
    return replace(base, network=replace(base.network, width=8, multipliers=(1, 2)),
                   discriminator=replace(base.discriminator, width=4, layers=1),
                   evaluation=replace(base.evaluation, samples=12, features="pixels"))


def tiny_cats(data_root, size=SIZE):
    """Drawn shapes, whatever is at hand."""
    return at_hand.AtHand(Data(source="shapes", size=size), "shapes")


@pytest.fixture(scope="package")
def tiny(tmp_path_factory):
    """A context whose runs are tiny; what items share is computed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("recipe", tiny_recipe), ("_DIFFUSED", 3), ("STEPS", 3), ("GAME_STEPS", 3),
                            ("DOORS", 300)):
            patch.setattr(work, name, value)
        here = SimpleNamespace(**vars(at_hand) | {"cats": tiny_cats})
        for module in (work, deliverables):  # of this study alone: others are tested in the same process
            patch.setattr(module, "at_hand", here)
        patch.setattr(doors_ways, "T", 5)
        context = Context(folder=tmp_path_factory.mktemp("inpainting"), study="inpainting", seed=5)
        work.completions(context)
        work.rooms(context)
        torch.set_flush_denormal(False)  # training set it for the whole process
        yield context


@pytest.fixture(scope="package")
def check(check):
    """What every item of a study must have, and a formula."""
    return partial(check, formula=True, least=1000)
