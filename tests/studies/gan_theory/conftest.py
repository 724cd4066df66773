from dataclasses import replace
from functools import partial

import pytest
import torch

from genloom.recipes.gan_points import gan_grid
from genloom.studies.context import Context
from genloom.studies.gan_theory import fitting, games, overpowered, value


def tiny_recipe(name: str, tier: str):
    """The study's recipe at a size that trains in a moment."""
    base = gan_grid(tier)
    return replace(base, data=replace(base.data, count=400), network=replace(base.network, width=16, depth=3),
                   engine=replace(base.engine, batch_size=20, threads=1, log_every=1),
                   evaluation=replace(base.evaluation, samples=300))


@pytest.fixture(scope="package")
def tiny(tmp_path_factory):
    """A context whose runs are tiny; what items share is computed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, size in ((fitting, "STEPS", 8), (fitting, "BATCH", 32), (fitting, "SEEDS", 2),
                                   (value, "SHIFT_STEPS", 4), (value, "OWN_STEPS", 6), (overpowered, "STEPS", 6),
                                   (overpowered, "BATCH", 32), (overpowered, "COUNT", 100), (games, "STEPS", 5),
                                   (games, "SEEDS", 2)):
            patch.setattr(module, name, size)
        patch.setattr(games, "recipe", tiny_recipe)
        context = Context(folder=tmp_path_factory.mktemp("gan-theory"), study="gan-theory", seed=3)
        games.every(context)
        torch.set_flush_denormal(False)  # training set it for the whole process
        yield context


@pytest.fixture(scope="package")
def check(check):
    """What every item of a study must have, and a formula."""
    return partial(check, formula=True, least=5000)
