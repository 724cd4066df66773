"""S0.4: the model that is best on validation, on the test part, beside every baseline."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from genloom.forecasting.baselines import Baseline
from genloom.metrics.interval import Interval, mean_interval
from genloom.recipes.judge_forecaster import evenly
from genloom.recipes.show_forecaster import channels_item, forecasts_item, horizon_item
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, legend_above, styled
from genloom.report.numbers import at_most, fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.forecasting.work import (
    Model,
    beside,
    ends,
    experiment,
    here,
    judged,
    less,
    on_test,
    sizes,
    standard,
    sure,
    windows_of,
)
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PUBLISHED = {"train-mean": (1.097, 0.802), "repeat-last": (1.335, 0.755), "window-mean": (0.712, 0.595),
             "seasonal-naive": (0.655, 0.514), "seasonal-mean": (0.490, 0.454), "ridge": (0.470, 0.462)}
"""Squared and absolute error of each baseline on ETTh1's 2161 test windows, 96 → 720, computed apart from genloom."""
OTHERS = {"Informer": 1.181, "TimesNet": 0.521, "DLinear": 0.519, "iTransformer": 0.503, "PatchTST": 0.500,
          "RLinear": 0.481}
"""Squared errors that others published, 96 → 720, but for Informer, whose lookback was searched."""
_DIGITS = 5e-4
_LEVELS = 256  # test windows whose errors of level are told


@deliverable("S0.4", "The best model on the test part",
             question="Evaluate the model that is best on validation on the test set.")
def test(context: Context) -> Answer:
    """Errors of all seeds, scaled and in units, by channel and horizon, and the difference from every baseline."""
    models = standard(context)
    first, path = models[0], context.folder / "figures"
    found, provenance = judged(context, first), context.provenance(first.trained)
    horizon = horizon_item(found, path / "test-horizon.png", provenance)
    shown = forecasts_item(first.experiment, first.networks, path / "test-forecasts.png", provenance)
    channels = channels_item(first.experiment, found)
    return Answer(
        text=(_protocol(context), _standing(context, models), _blocks(context)),
        figures=(_figure(context, models), *horizon.figures, *shown.figures),
        tables=(_table(context, models), *horizon.tables, *channels.tables),
        results=(*_errors(context, models), *_checks(context), *_differences(context, models)),
        formula="MSE = Σ (ŷ − y)² / (windows · steps · channels), over all windows at once",
        source="problem text, 1.3; baselines: genloom.forecasting.baselines",
    )


def _protocol(context: Context) -> str:
    made = experiment(context)
    return (f"All {len(made.parts.test):,} windows of the test part count, and errors are summed over all of them "
            "before they are divided: a mean of the means of batches, or a last batch that is dropped, gives other "
            "numbers (repeat-last has 1.335 on ETTh1, and 1.339 without the last windows, which is what was "
            "published). Nothing was chosen by the test part. The first seed is drawn; errors are means over "
            f"{sizes(context).seeds} seeds with Student's interval.")


def _standing(context: Context, models: Sequence[Model]) -> str:
    mine, others = _over(context, models), beside(context)
    beaten = [name for name, each in others.items() if mine.value < each.scaled.mse]
    lost = [name for name in others if name not in beaten]
    best = min(others, key=lambda name: others[name].scaled.mse)
    words = (f"Its squared error, {number(mine.value, 3)}, is smaller than that of "
             f"{', '.join(beaten) or 'no baseline'}, "
             f"and larger than that of {', '.join(lost) or 'none'}. ")
    if not lost:
        return words + "No baseline is as good."
    mine_level, its_level = level_shares(context, models[0], best)
    words += (f"The best baseline, {best}, has {fixed(others[best].scaled.mse, 3)} without a single step of training. "
              f"Of the network's squared error {100 * mine_level:.0f} % are errors of the level, the mean over the "
              f"horizon of a channel, and of {best}'s {100 * its_level:.0f} %. ")
    if mine_level < 0.5:
        return words
    return words + ("So it is the level that it gets wrong, more than the course of the days. Baselines but the train "
                    "mean start from the level of their own lookback; this network meets levels that training hardly "
                    "had. What starts from the lookback's own level is under “best”.")


def level_shares(context: Context, model: Model, name: str) -> tuple[float, float]:
    """The share of the squared error that is of the mean over the horizon, of a model and of a baseline."""
    return context.once(("level", model.trained.name, name), lambda: _level_shares(model, next(
        each for each in experiment(context).baselines if each.name == name)))


def _level_shares(model: Model, baseline: Baseline) -> tuple[float, float]:
    """Over some test windows, evenly spread."""
    made, test = model.experiment, model.experiment.parts.test
    level, whole = torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for forecast, batch in made.forecasts(model.networks, test, evenly(test, _LEVELS)):
        for k, point in enumerate((made.head.point(forecast), baseline.forecast(batch["x"]))):
            error = (point - batch["y"]).double()
            level[k] += error.mean(1).square().sum() * error.shape[1]
            whole[k] += error.square().sum()
    shares = (level / whole).tolist()
    return shares[0], shares[1]


def _blocks(context: Context) -> str:
    made = experiment(context)
    count = len(made.parts.test) / made.recipe.window.horizon
    return (f"Windows that overlap share their errors. The intervals of differences are those of a bootstrap in blocks "
            f"of the horizon, {made.recipe.window.horizon} windows, of which the test part holds {count:.1f}: four "
            "months are few months. With so few blocks the intervals are wide, and cover somewhat less than they say; "
            "longer blocks would cover better, and there is no room for them.")


def _over(context: Context, models: Sequence[Model]) -> Interval:
    return mean_interval([on_test(context, model).scaled.mse for model in models])


def _errors(context: Context, models: Sequence[Model]) -> tuple[Result, ...]:
    others, seeds = beside(context), tuple(model.experiment.recipe.engine.seed for model in models)
    mse, n = _over(context, models), len(models[0].experiment.parts.test)
    mae = mean_interval([on_test(context, model).scaled.mae for model in models])
    oil = models[0].experiment.series.channels[-1]
    unit = mean_interval([float(on_test(context, model).original.channel_mae[-1]) for model in models])
    known = others["train-mean"]
    return (
        at_most(Result(name="test MSE, scaled: the standard Transformer", value=mse.value, known=known.scaled.mse,
                       known_name="train-mean, goal: below it", interval=ends(mse), n=n, seeds=seeds),
                known.scaled.mse),
        at_most(Result(name="test MAE, scaled: the standard Transformer", value=mae.value, known=known.scaled.mae,
                       known_name="train-mean", interval=ends(mae), n=n, seeds=seeds), known.scaled.mae),
        Result(name=f"test MAE of {oil}, in its unit", value=unit.value, interval=ends(unit), n=n, seeds=seeds,
               known=float(known.original.channel_mae[-1]), known_name="train-mean"),
    )


def _checks(context: Context) -> tuple[Result, ...]:
    """The baselines themselves, which say whether windows, scaling and pooling are right."""
    window = experiment(context).recipe.window
    if not here(context).real or (window.lookback, window.horizon) != (96, 720):
        return ()
    return tuple(near(Result(name=f"test MSE of {name}", value=each.scaled.mse, known=PUBLISHED[name][0],
                             known_name="computed apart from genloom", n=each.scaled.windows), _DIGITS)
                 for name, each in beside(context).items() if name in PUBLISHED)


def _differences(context: Context, models: Sequence[Model]) -> tuple[Result, ...]:
    mine, horizon = windows_of(models, context), experiment(context).recipe.window.horizon
    results = []
    for name, each in beside(context).items():
        apart = less(mine, each.scaled.window_mse, horizon)
        results.append(Result(name=f"test MSE less that of {name}", value=apart.value, known=0.0, n=apart.n,
                              known_name="as good as it", interval=ends(apart)))
    return tuple(results)


def between(found: Interval) -> str:
    """The ends of an interval for a cell."""
    return f"[{fixed(found.low, 3)}, {fixed(found.high, 3)}]" if found.high < float("inf") else "[−∞, ∞]"


def _table(context: Context, models: Sequence[Model]) -> Table:
    made, horizon = experiment(context), experiment(context).recipe.window.horizon
    told = {baseline.name: baseline.summary for baseline in made.baselines}
    mine = windows_of(models, context)
    rows = [(f"standard Transformer, seed {model.experiment.recipe.engine.seed}",
             fixed(on_test(context, model).scaled.mse, 4), fixed(on_test(context, model).scaled.mae, 4), "—",
             between(sure(on_test(context, model).scaled.window_mse, horizon))) for model in models]
    for name, each in sorted(beside(context).items(), key=lambda pair: pair[1].scaled.mse):
        apart = less(mine, each.scaled.window_mse, horizon)
        rows.append((f"{name}: {told[name]}", fixed(each.scaled.mse, 4), fixed(each.scaled.mae, 4),
                     f"{fixed(apart.value, 3)} {between(apart)}", between(sure(each.scaled.window_mse, horizon))))
    if here(context).real:
        rows += [(f"{name}, as published", fixed(value, 3), "—", "—", "—") for name, value in OTHERS.items()]
    return Table(header=("forecast", "MSE", "MAE", "Transformer's MSE less its own, 95 %", "MSE, 95 %"),
                 rows=tuple(rows),
                 caption="All windows of the test part, in units of the training rows' deviation. Published numbers "
                         "are of their authors' own evaluations.")


def _figure(context: Context, models: Sequence[Model]) -> Figure:
    figure, (axes,) = canvas(7.2, 3.4)
    _draw(axes, context, models)
    legend_above(figure, axes)
    channels = models[0].experiment.series.channels
    mine = torch.stack([on_test(context, model).scaled.channel_mse for model in models]).mean(0)
    worst = channels[int(mine.argmax())]
    return context.figure(figure, "test-channels", run=models[0].trained,
                          alt=f"Squared errors of {len(channels)} channels; the Transformer's is largest for {worst}",
                          caption="Squared error by channel, scaled: every seed of the standard Transformer, and lines "
                                  "for the train mean and for the best baseline.")


@styled()
def _draw(axes: "Axes", context: Context, models: Sequence[Model]) -> None:
    channels, others = models[0].experiment.series.channels, beside(context)
    places = torch.arange(len(channels))
    for k, model in enumerate(models):
        at = places + 0.6 * (k + 0.5) / len(models) - 0.3
        errors = on_test(context, model).scaled.channel_mse
        axes.bar(at.tolist(), errors.tolist(), width=0.55 / len(models), color=COLORS[k % len(COLORS)],
                 label=f"seed {model.experiment.recipe.engine.seed}")
    best = min(others, key=lambda name: others[name].scaled.mse)
    for name, line in (("train-mean", "-"), (best, DASHED)):
        sides = (places - 0.36).tolist(), (places + 0.36).tolist()
        axes.hlines(others[name].scaled.channel_mse.tolist(), *sides, color=KNOWN, linestyle=line,
                    linewidth=1.3, label=name)
    axes.set_xticks(places.tolist(), channels)
    axes.set(ylabel="MSE, scaled")
