"""How a forecaster is judged: on all windows of the test part, beside every baseline on the same windows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.forecasting.heads import Point
from genloom.forecasting.windows import Windows
from genloom.metrics.block_bootstrap import block_interval, difference_interval
from genloom.metrics.forecast_errors import Errors, Pooled, mase, seasonal_scale
from genloom.metrics.interval import Interval
from genloom.metrics.quantile_errors import PooledQuantiles, QuantileErrors
from genloom.report.numbers import at_most
from genloom.report.results import Result
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_forecaster import ForecasterExperiment

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Levels at which distributions are judged."""
_CHANNELS = 12  # that have numbers of their own; a table has all


@dataclass(frozen=True, eq=False)
class Judged:
    """Errors on all windows of the test part.

    scaled, original   of the model, in units of the training rows' deviation and in the series' own
    beside             of each baseline by name, scaled, and `beside_original`
    quantiles          of a head that has some, in scaled values, at `levels`
    """

    scaled: Pooled
    original: Pooled
    beside: dict[str, Pooled]
    beside_original: dict[str, Pooled]
    quantiles: PooledQuantiles | None = None
    levels: tuple[float, ...] = LEVELS

    @property
    def best(self) -> str:
        """The baseline with the smallest squared error."""
        return min(self.beside, key=lambda name: self.beside[name].mse)


def judge_test(experiment: "ForecasterExperiment", networks: Networks) -> Judged:
    """The model and every baseline on all windows of the test part."""
    unit, test = torch.from_numpy(experiment.parts.scaler.std), experiment.parts.test
    head, mine = experiment.head, Errors(unit)
    whole = None if isinstance(head, Point) else QuantileErrors(levels_of(experiment))
    others = {baseline.name: Errors(unit) for baseline in experiment.baselines}
    for made, batch in experiment.forecasts(networks, test):
        mine.add(head.point(made), batch["y"])
        if whole is not None:
            whole.add(head.quantiles(made, whole.levels), batch["y"])
        for baseline in experiment.baselines:
            others[baseline.name].add(baseline.forecast(batch["x"]), batch["y"])
    return Judged(mine.pooled(), mine.original(), {name: each.pooled() for name, each in others.items()},
                  {name: each.original() for name, each in others.items()},
                  None if whole is None else whole.pooled(), levels_of(experiment))


def levels_of(experiment: "ForecasterExperiment") -> tuple[float, ...]:
    """The levels at which a head is judged: its own, or common ones of a distribution."""
    return experiment.recipe.network.levels if experiment.recipe.network.head == "quantiles" else LEVELS


def errors_on(experiment: "ForecasterExperiment", networks: Networks, windows: Windows, count: int = 0) -> Pooled:
    """Scaled errors on all windows of a part, or on `count` of them, evenly spread."""
    errors = Errors()
    for made, batch in experiment.forecasts(networks, windows, evenly(windows, count)):
        errors.add(experiment.head.point(made), batch["y"])
    return errors.pooled()


def quick(experiment: "ForecasterExperiment", networks: Networks) -> dict[str, float]:
    """What is looked at during training, on validation alone: the squared error, by which the best is chosen, or before
    it the loss of a head that is more than a point."""
    errors, head, total = Errors(), experiment.head, 0.0
    valid = experiment.parts.valid
    for made, batch in experiment.forecasts(networks, valid, evenly(valid, experiment.recipe.evaluation.windows)):
        errors.add(head.point(made), batch["y"])
        total += head.loss(made, batch["y"]).item() * len(made)
    found = errors.pooled()
    numbers = {"validation MSE": found.mse, "validation MAE": found.mae}
    return numbers if isinstance(head, Point) else {"validation loss": total / found.windows, **numbers}


def evenly(windows: Windows, count: int) -> Tensor | None:
    """Indices of `count` windows, evenly spread; None, which is all, for 0 or more than there are."""
    every = len(windows)
    return torch.linspace(0, every - 1, count).round().long() if 0 < count < every else None


def judge_all(experiment: "ForecasterExperiment", found: Judged) -> tuple[Result, ...]:
    """The gate first: squared and absolute error, then the difference to every baseline.

    On one test part an error is an exact number, to be compared with published ones; how sure it is for other times is
    told of the differences, and of all errors in the report's table.
    """
    return (judge_mse(experiment, found), judge_mae(experiment, found), *judge_baselines(experiment, found),
            *judge_scaled(experiment, found), *judge_channels(experiment, found), *judge_quantiles(experiment, found))


def judge_mse(experiment: "ForecasterExperiment", found: Judged) -> Result:
    """Squared error beside that of the best baseline."""
    return _gate(experiment, "test MSE, scaled", found.scaled.mse, found.beside[found.best].mse, found.best,
                 "mean of (ŷ − y)² over all windows, steps and channels")


def judge_mae(experiment: "ForecasterExperiment", found: Judged) -> Result:
    """Absolute error beside that of the baseline which is best at it."""
    best = min(found.beside, key=lambda name: found.beside[name].mae)
    return _gate(experiment, "test MAE, scaled", found.scaled.mae, found.beside[best].mae, best,
                 "mean of |ŷ − y| over all windows, steps and channels")


def _gate(experiment: "ForecasterExperiment", name: str, value: float, known: float, best: str,
          formula: str) -> Result:
    result = Result(name=name, value=value, known=known, known_name=f"{best}, the best baseline",
                    n=len(experiment.parts.test), seeds=(experiment.recipe.engine.seed,), formula=formula)
    return at_most(result, known)


def judge_baselines(experiment: "ForecasterExperiment", found: Judged) -> tuple[Result, ...]:
    """The squared error of each baseline, and how much smaller the model's is on the same windows."""
    results = []
    for name, other in found.beside.items():
        sure = difference(experiment, found, name)
        results.append(Result(name=f"test MSE of {name}, scaled", value=other.mse, n=sure.n))
        less = Result(name=f"test MSE less that of {name}", value=sure.value, known=0.0, known_name="as good as it",
                      interval=(sure.low, sure.high), n=sure.n)
        results.append(at_most(less, 0.0))
    return tuple(results)


def judge_scaled(experiment: "ForecasterExperiment", found: Judged) -> tuple[Result, ...]:
    """The mean absolute error in units of the seasonal naive forecast's in training."""
    period, rows = experiment.period, experiment.series.values[experiment.borders.train]
    if not period < len(rows):
        return ()
    try:
        scale = seasonal_scale(torch.from_numpy(rows), period)
    except InputError:  # a channel that repeats itself exactly has no such unit
        return ()
    naive = found.beside_original.get("seasonal-naive")
    return (Result(name="test MASE", value=mase(found.original.channel_mae, scale), n=found.scaled.windows,
                   known=None if naive is None else mase(naive.channel_mae, scale),
                   known_name="" if naive is None else "seasonal-naive",
                   formula="mean over channels of MAE / mean |x_t − x_{t−p}| in training",
                   source="Hyndman & Koehler 2006"),)


def judge_channels(experiment: "ForecasterExperiment", found: Judged) -> tuple[Result, ...]:
    """The mean absolute error of the first channels in their own unit, beside the best baseline's."""
    best = found.beside_original[found.best].channel_mae
    return tuple(Result(name=f"test MAE of {name}, in its unit", value=value, known=known, known_name=found.best,
                        n=found.scaled.windows)
                 for name, value, known in zip(experiment.series.channels[:_CHANNELS],
                                               found.original.channel_mae.tolist(), best.tolist(), strict=False))


def judge_quantiles(experiment: "ForecasterExperiment", found: Judged) -> tuple[Result, ...]:
    """How often the truth lies between the outermost quantiles, and how good all of them are."""
    if found.quantiles is None:
        return ()
    whole, levels = found.quantiles, found.levels
    inside, wanted = float(whole.below[-1] - whole.below[0]), levels[-1] - levels[0]
    return (Result(name=f"truths between the {levels[0]:g} and the {levels[-1]:g} quantile", value=inside, known=wanted,
                   known_name="nominal", n=whole.n),
            Result(name="CRPS, scaled", value=whole.crps, known=found.beside[found.best].mae, n=whole.n,
                   known_name=f"absolute error of {found.best}, the CRPS of a point",
                   formula="2 ∫ ρ_q dq over the levels", source="Gneiting & Ranjan 2011, Eq. 9"),
            Result(name="weighted quantile loss, scaled", value=whole.wql, n=whole.n,
                   formula="2 Σ_q Σ ρ_q / (K Σ |y|)"))


def interval(experiment: "ForecasterExperiment", windows: Tensor) -> Interval:
    """The mean of errors of windows, (n,), with its interval; windows that overlap share a block."""
    return block_interval(windows, experiment.recipe.window.horizon, draws=experiment.recipe.evaluation.draws)


def difference(experiment: "ForecasterExperiment", found: Judged, name: str) -> Interval:
    """The squared error less that of a baseline, with its interval."""
    return difference_interval(found.scaled.window_mse, found.beside[name].window_mse,
                               experiment.recipe.window.horizon, draws=experiment.recipe.evaluation.draws)
