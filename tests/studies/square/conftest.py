from dataclasses import replace

import pytest

from genloom.recipes.registry import recipe
from genloom.studies.context import Context
from genloom.studies.square import (
    class_analysis,
    class_loss,
    class_samples,
    classes,
    density_map,
    draws,
    likelihoods,
    probability,
    rules,
    runs,
    samplers,
    spread,
    training,
    variants,
)


def small(name, tier="laptop"):
    """The recipe of that name, trained for a moment."""
    base = recipe(name, tier)
    return replace(base, data=replace(base.data, count=200), network=replace(base.network, width=32),
                   engine=replace(base.engine, steps=200, threads=1, tensorboard=False),
                   evaluation=replace(base.evaluation, samples=50, seeds=1, permutations=20, loss_points=500),
                   sampling=replace(base.sampling, steps=20))


@pytest.fixture(scope="package")
def small_context(tmp_path_factory):
    """A study folder whose models are small, for items whose shape is tested and not their numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "recipe", small)
        context = Context(folder=tmp_path_factory.mktemp("square"), study="square")
        runs.unconditional(context)
        runs.conditional(context)
        yield context


@pytest.fixture
def effort(monkeypatch):
    """Few samples, seeds, steps and paths for the unconditional items."""
    small = draws.Effort(samples=60, seeds=9, wrong=2, compared=120, most=50, paths=500, repeats=8, permutations=20)
    monkeypatch.setattr(draws, "EFFORT", small)
    monkeypatch.setattr(variants, "CALLS", (5, 10, 14, 20))
    monkeypatch.setattr(variants, "_FINE", 40)
    monkeypatch.setattr(samplers, "CALLS", (5, 10, 14, 20))
    monkeypatch.setattr(rules, "CALLS", (5, 10, 14, 20))
    monkeypatch.setattr(training, "_POINTS", 200)
    monkeypatch.setattr(spread, "STEPS", 20)
    return small


@pytest.fixture
def sizes(monkeypatch):
    """Few samples, draws and pixels."""
    monkeypatch.setattr(class_analysis, "PER_CLASS", 30)
    monkeypatch.setattr(class_analysis, "GUIDED", 10)
    monkeypatch.setattr(class_analysis, "_PERMUTATIONS", 20)
    monkeypatch.setattr(class_samples, "SAMPLES", 100)
    monkeypatch.setattr(class_loss, "_TIMES", 4)
    monkeypatch.setattr(density_map, "_CELLS", 7)
    monkeypatch.setattr(density_map, "_PROFILE", 7)
    for module in (probability, likelihoods):
        monkeypatch.setattr(module, "DRAWS", 64)
        monkeypatch.setattr(module, "FRESH", 16, raising=False)
    monkeypatch.setattr(classes, "judge_loss", _loss)


def _loss(experiment, networks):
    from genloom.diffusion.oracle.bayes import bayes_loss
    from genloom.recipes.judge_points import loss_gap
    from genloom.report.results import Result

    best = bayes_loss(experiment.oracle, 1 << 12, conditional=True).value
    gap = loss_gap(experiment, networks, 500).value
    return Result(name="ε loss", value=best + gap, known=best, n=500)


@pytest.fixture
def whole():
    """A function that checks that an answer has all that a report needs."""
    def check(context, deliverable):
        context.item = deliverable.number
        answer = deliverable.work(context)
        assert answer.text
        assert all(paragraph and "nan" not in paragraph.lower().split() for paragraph in answer.text)
        assert all((context.folder / figure.path).stat().st_size > 5000 and figure.alt for figure in answer.figures)
        assert all(len(row) == len(table.header) for table in answer.tables for row in table.rows)
        assert answer.formula
        assert answer.source
        assert deliverable.question
        return answer
    return check
