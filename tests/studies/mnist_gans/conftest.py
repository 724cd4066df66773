from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from genloom.recipes.images import Data
from genloom.recipes.registry import recipe
from genloom.studies import at_hand
from genloom.studies.context import Context
from genloom.studies.mnist_gans import deliverables, work

_DATA = Data(source="digits", size=28, channels=1, zoom=1.0, flip=False)
LOSSES = ("non-saturating", "wgan", "r3gan")
"""Those that the tiny study compares: one without, one with more critic steps, one with a penalty."""


def tiny_recipe(name: str, tier: str):
    """The study's recipes for a few steps on small digits."""
    base = recipe(name, tier)
    engine = replace(base.engine, steps=12, batch_size=16, threads=1, tensorboard=False, log_every=2, precision="32")
    return replace(base, engine=engine, evaluation=replace(base.evaluation, quick=16))


@pytest.fixture(scope="package")
def tiny(tmp_path_factory):
    """A context whose runs are tiny; what items share is computed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "recipe", tiny_recipe)
        patch.setattr(work, "SIZES", {"laptop": work.Sizes(steps=6, seeds=2, samples=40)})
        patch.setattr(work, "LOSSES", {name: work.LOSSES[name] for name in LOSSES})
        patch.setattr(work, "STAGES", {"tiny-gan": 4})
        found = at_hand.AtHand(_DATA, "small digits")
        here = SimpleNamespace(**vars(at_hand) | {"digits": lambda root, size=28: found})
        for module in (work, deliverables):  # of this study alone: others are tested in the same process
            patch.setattr(module, "at_hand", here)
        yield Context(folder=tmp_path_factory.mktemp("gans"), study="mnist-gans", seed=3)
        torch.set_flush_denormal(False)  # training set it for the whole process
