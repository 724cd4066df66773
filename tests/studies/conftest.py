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


@pytest.fixture(scope="session")
def check():
    """What every item of a study must have; `least` bytes in a figure's file."""
    def complete(item, context, *, formula=False, least=3000):
        assert item.question
        assert item.work.__doc__
        answer = item.work(context)
        assert answer.text
        assert answer.results
        assert answer.source
        assert answer.formula or not formula
        assert all(figure.alt and figure.caption and (context.folder / figure.path).stat().st_size > least
                   for figure in answer.figures)
        assert all(len(row) == len(table.header) for table in answer.tables for row in table.rows)
        assert not any("nan" in paragraph.lower().split() for paragraph in answer.text)
        return answer

    return complete
