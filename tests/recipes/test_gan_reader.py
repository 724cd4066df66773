"""An evaluator that reads while a generator learns: what is added to the loss, and who may not."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gans_small import small
from labels_small import SCENES, SIZE, evaluator_run
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.gan_reader import make_reader, reading_evaluator
from genloom.recipes.gans import GanRecipe, Loss, Network
from genloom.recipes.gans_parts import Scale
from genloom.rng import StepRng

TOLD = Network(kind="residual", width=4, told="norm", judging="projection")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluator_run(tmp_path_factory.mktemp("guide") / "run")


def chosen(place: object, **changes: object) -> GanRecipe:
    base = small(data=SCENES, network=TOLD, loss=Loss(evaluator=str(place), reading=3.0))
    return replace(base, **changes)


@pytest.mark.parametrize("unit", [False, True])
def test_it_is_the_logistic_loss_of_the_labels_on_the_evaluators_scale(place: Path, unit: bool) -> None:
    experiment = GanExperiment(chosen(place))
    assert experiment.guide is not None
    x = torch.rand(5, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y = torch.eye(24)[:5]
    loss = make_reader(experiment.recipe, experiment.guide, Scale(unit))(x, y)
    logits = experiment.guide.logits(2 * x - 1 if unit else x)
    expected = -(y * F.logsigmoid(logits) + (1 - y) * F.logsigmoid(-logits)).mean()
    torch.testing.assert_close(loss, 3 * expected)
    loss.backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in experiment.guide.network.parameters())


def test_the_generators_update_of_the_job_is_read(place: Path) -> None:
    experiment = GanExperiment(chosen(place))
    job = experiment.job()
    first, second = job.method.updates(job.networks, job.source.batch(torch.arange(8)), StepRng(0, 0))
    assert "read" not in first.metrics
    assert 0 < float(second.metrics["read"]) < 30
    assert f"labels read by {place}, of weight 3" in dict(experiment.facts())["game"]


def test_whoever_reads_may_not_judge(place: Path) -> None:
    base = chosen(place)
    with pytest.raises(InputError, match="judge"):
        GanExperiment(replace(base, evaluation=replace(base.evaluation, judge=str(place))))


def test_none_reads_unless_one_is_named(place: Path) -> None:
    assert GanExperiment(chosen(place, loss=Loss())).guide is None


@pytest.mark.parametrize(("change", "named"), [
    ({"network": Network(kind="residual", width=4)}, "told no labels"),
    ({"loss": Loss(evaluator="PLACE", reading=-1.0)}, r"loss\.reading"),
    ({"data": replace(SCENES, size=32)}, "3 × 32 × 32 pictures with the 24 labels"),
])
def test_what_cannot_be_read_is_refused(place: Path, change: dict[str, object], named: str) -> None:
    recipe = chosen(place, **change)
    if recipe.loss.evaluator == "PLACE":
        recipe = replace(recipe, loss=replace(recipe.loss, evaluator=str(place)))
    data = GanExperiment(replace(recipe, loss=Loss())).data
    with pytest.raises(InputError, match=named):
        reading_evaluator(recipe, data)
