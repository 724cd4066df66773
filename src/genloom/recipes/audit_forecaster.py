"""The audit of a trained run: its own data preparation, its own loop of evaluation, and its books."""

import copy
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from genloom.forecasting.audit.check import Check
from genloom.forecasting.audit.preparation import Preparation
from genloom.forecasting.audit.protocol import History
from genloom.forecasting.audit.whole import audit
from genloom.recipes.forecaster_parts import make_parts
from genloom.report.run_page import read_rows
from genloom.training.checkpoint import Checkpoints
from genloom.training.method import Batch, Networks

if TYPE_CHECKING:
    from genloom.recipes.build_forecaster import ForecasterExperiment


def audit_run(experiment: "ForecasterExperiment", networks: Networks, run: Path | None = None, *, count: int = 8,
              seed: int = 0) -> tuple[Check, ...]:
    """Every check of a run.

    run     its folder, for the evaluations of its training
    count   windows of the test that are forecast
    """
    network = networks["forecaster"]
    return audit(network, experiment.parts.test, data=preparation(experiment, network),
                 batches=lambda size: evaluated(experiment, size),
                 history=None if run is None else history(experiment, run), count=count, seed=seed)


def preparation(experiment: "ForecasterExperiment", network: nn.Module | None = None) -> Preparation:
    """How a recipe prepares values: the very function that its training calls, on other values."""
    recipe, series, split = experiment.recipe, experiment.series, experiment.borders

    def prepare(values: Tensor) -> Tensor:
        return make_parts(recipe, replace(series, values=values.numpy(), digest=""), split).test.values

    units = None if network is None else getattr(network, "units", None)
    return Preparation(prepare, torch.from_numpy(series.values), split.train.stop, split.test.start,
                       recipe.window.lookback, units)


def evaluated(experiment: "ForecasterExperiment", size: int) -> Iterator[Batch]:
    """The batches of the test that an evaluation forecasts, by a network that costs nothing.

    size   of a batch, in place of the recipe's
    """
    other = copy.copy(experiment)
    other.recipe = replace(other.recipe, evaluation=replace(other.recipe.evaluation, batch=size))
    return (forecast.batch for forecast in other.forecasts({"forecaster": _Blank()}, other.parts.test))


def history(experiment: "ForecasterExperiment", run: Path) -> History:
    """Validation errors of a training, the first metric of each evaluation, and the step that was chosen."""
    steps, values = [], []
    for row in read_rows(run / "evaluations.jsonl"):
        if not isinstance(row.get("step"), int):
            continue
        value = next((each for name, each in row.items() if name != "step"), None)
        steps.append(int(row["step"]))
        values.append(math.nan if value is None else float(value))
    return History(steps, values, Checkpoints(run / "checkpoints").best(), experiment.recipe.engine.patience)


class _Blank(nn.Module):
    """Forecasts zero."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor) -> Tensor:
        return (self.weight * 0).expand(len(x), y_marks.shape[1], x.shape[2])
