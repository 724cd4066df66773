from dataclasses import replace

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


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A context whose run is tiny; what items share is computed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "recipe", tiny_recipe)
        context = Context(folder=tmp_path_factory.mktemp("letters"), study="letters", seed=5)
        work.setting(context)
        torch.set_flush_denormal(False)  # training set it for the whole process
        yield context


@pytest.fixture(scope="session")
def here(tiny):
    return work.setting(tiny)


@pytest.fixture(scope="session")
def check():
    """What every item of a study must have."""
    def complete(item, context) -> None:
        assert item.question
        assert item.work.__doc__
        answer = item.work(context)
        assert answer.text
        assert answer.results
        assert answer.formula
        assert answer.source
        assert all(figure.alt and figure.caption and (context.folder / figure.path).stat().st_size > 5000
                   for figure in answer.figures)
        assert all(len(row) == len(table.header) for table in answer.tables for row in table.rows)
        assert not any("nan" in paragraph.lower().split() for paragraph in answer.text)

    return complete
