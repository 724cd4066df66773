from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from genloom.recipes.images import Network, ddpm_cats
from genloom.studies import at_hand
from genloom.studies.cats import deliverables, work
from genloom.studies.context import Context


def tiny_recipe(name: str):
    """The study's recipe at a size that trains and samples in a moment."""
    base = ddpm_cats()
    return replace(base, data=replace(base.data, size=8),
                   network=Network(width=8, multipliers=(1, 2), blocks=1, attention=(), heads=1),
                   engine=replace(base.engine, steps=40, evaluate_every=20, log_every=4, threads=1, tensorboard=False),
                   evaluation=replace(base.evaluation, samples=12, features="pixels"))


@pytest.fixture(scope="package")
def tiny(tmp_path_factory):
    """A context whose runs are tiny, on drawn shapes; what items share is computed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "recipe", tiny_recipe)
        patch.setattr(work, "LONG", 60)
        here = SimpleNamespace(**vars(at_hand) | {"cats": lambda root, size=8: at_hand.AtHand(
            replace(ddpm_cats().data, source="shapes", size=size), "drawn shapes")})
        for module in (work, deliverables):  # of this study alone: others are tested in the same process
            patch.setattr(module, "at_hand", here)
        context = Context(folder=tmp_path_factory.mktemp("cats"), study="cats", seed=3)
        work.first_thousand(context)
        torch.set_flush_denormal(False)  # training set it for the whole process
        yield context
