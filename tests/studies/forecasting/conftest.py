from dataclasses import replace

import pytest
import torch

from genloom.recipes.forecaster import Data
from genloom.recipes.registry import recipe
from genloom.studies.context import Context
from genloom.studies.forecasting import best, deliverables, forms, work
from genloom.studies.forecasting.series import AtHand

SIZES = work.Sizes(lookback=48, horizon=24, label=12, seeds=2, steps=6, every=2, watched=8, width=16, hidden=16,
                   narrow=16, narrow_hidden=16, narrow_steps=3,
                   kinds={"full": 2, "performer": 2, "strided": 2, "local": 1},
                   masks_horizon=12, masks_width=16, masks_steps=4, free=4, sights=3, ablated=24, lengths=(16, 32, 64),
                   repeats=1, timed=1, lookbacks=(48, 72), small_steps=10)
"""A study that takes seconds: a day is forecast from two."""


def tiny_recipe(name: str, tier: str):
    """The study's recipes on one thread and without half precision."""
    base = recipe(name, tier)
    return replace(base, engine=replace(base.engine, batch_size=8, threads=1, precision="32"),
                   evaluation=replace(base.evaluation, draws=100))


@pytest.fixture(scope="package")
def tiny(tmp_path_factory):
    """A context whose runs are tiny; what items share is computed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (work, forms, best):
            patch.setattr(module, "recipe", tiny_recipe)
        patch.setattr(work, "SIZES", {"laptop": SIZES})
        found = AtHand(Data(source="transformer", hours=900, borders="ratio", valid=0.15, test=0.2), False, "small")
        for module in (work, deliverables):
            patch.setattr(module, "at_hand", lambda root: found)
        yield Context(folder=tmp_path_factory.mktemp("forecasting"), study="forecasting", seed=3)
        torch.set_flush_denormal(False)  # training set it for the whole process
