from dataclasses import replace

import pytest

from genloom.recipes.points import ve_square


@pytest.fixture(scope="session")
def recipe():
    """A recipe that trains in a moment."""
    base = ve_square()
    return replace(base, data=replace(base.data, count=64), network=replace(base.network, width=16),
                   engine=replace(base.engine, steps=4, threads=1, tensorboard=False, log_every=1),
                   evaluation=replace(base.evaluation, samples=20, seeds=1, permutations=20, loss_points=256),
                   sampling=replace(base.sampling, steps=4))
