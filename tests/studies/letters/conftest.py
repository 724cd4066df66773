from dataclasses import replace
from functools import partial

import pytest
import torch

from genloom.recipes.points import score_letters
from genloom.studies.context import Context
from genloom.studies.letters import work


def tiny_recipe(name: str, tier: str):
    """The study's recipe at a size that trains and samples in a moment."""
    base = score_letters(tier)
    return replace(base, data=replace(base.data, count=200), network=replace(base.network, width=16),
                   engine=replace(base.engine, steps=6, batch_size=50, threads=1, tensorboard=False, log_every=1),
                   evaluation=replace(base.evaluation, samples=60, seeds=1, permutations=20, loss_points=256),
                   sampling=replace(base.sampling, steps=50))


@pytest.fixture(scope="package")
def tiny(tmp_path_factory):
    """A context whose run is tiny; what items share is computed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "recipe", tiny_recipe)
        context = Context(folder=tmp_path_factory.mktemp("letters"), study="letters", seed=5)
        work.setting(context)
        torch.set_flush_denormal(False)  # training set it for the whole process
        yield context


@pytest.fixture(scope="package")
def here(tiny):
    return work.setting(tiny)


@pytest.fixture(scope="package")
def check(check):
    """What every item of a study must have, and a formula."""
    return partial(check, formula=True, least=5000)
