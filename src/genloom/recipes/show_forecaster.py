"""Figures and tables of a forecaster: baselines, errors by horizon and channel, forecasts beside what came."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.forecasting.baselines import seasonal_mean
from genloom.forecasting.heads import Point
from genloom.metrics.forecast_errors import Pooled
from genloom.metrics.interval import Interval
from genloom.recipes.judge_forecaster import Judged, difference, interval, levels_of
from genloom.recipes.show_attention_series import attention_items
from genloom.report.figures import COLORS, DASHED, GRAY, INK, canvas, legend_above, save_figure, styled
from genloom.report.numbers import fixed
from genloom.report.plots import lines
from genloom.report.results import Item, Table
from genloom.report.run_page import read_columns, training_item
from genloom.training.method import Networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from genloom.recipes.build_forecaster import ForecasterExperiment

_VALIDATION = ("validation loss", "validation MSE")  # which decide, the first that is there
_SHOWN, _CHANNELS = 3, 2  # windows and channels whose forecasts are drawn
_PAST = 2  # horizons of the past that are drawn with a forecast, at most


def run_items(experiment: "ForecasterExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report; of a Transformer also what its attention looks at."""
    folder, found = run / "figures", experiment.judged(networks)
    attentive = experiment.recipe.network.kind == "transformer"
    return (training_item(run, provenance, number="1"),
            validation_item(run, folder / "validation.png", provenance),
            baselines_item(experiment, found),
            horizon_item(found, folder / "horizon.png", provenance),
            channels_item(experiment, found),
            forecasts_item(experiment, networks, folder / "forecasts.png", provenance),
            *(attention_items(experiment, networks, folder, provenance, first=7, worth=False) if attentive else ()))


def validation_item(run: Path, path: Path, provenance: dict[str, str], number: str = "2") -> Item:
    """The error or loss on validation over the steps, by which the best checkpoint is chosen."""
    title, log = "The error on validation", run / "evaluations.jsonl"
    name = next((name for name in _VALIDATION if read_columns(log, ("step", name))["step"]), _VALIDATION[-1])
    rows = read_columns(log, ("step", name))
    steps, errors = rows["step"], rows[name]
    if not steps:
        return Item(number=number, title=title, status="missing", reason="evaluations.jsonl holds no evaluation yet.")
    best = min(range(len(steps)), key=lambda i: errors[i])
    figure, (axes,) = canvas(7.2, 3.2)
    lines(axes, steps, {"validation": errors}, xlabel="step", ylabel=name)
    axes.plot(steps[best], errors[best], marker="o", markersize=11, fillstyle="none", color=INK)
    shown = save_figure(figure, path, provenance, folder=path.parent.parent,
                        caption=f"The {name}; the ring is the best checkpoint, after step {steps[best]:.0f} with "
                                f"{errors[best]:.4f}. The test part is not looked at for it.",
                        alt=f"The validation error {len(steps)} times, least {errors[best]:.4g} at {steps[best]:.0f}")
    return Item(number=number, title=title, figures=(shown,))


def baselines_item(experiment: "ForecasterExperiment", found: Judged, number: str = "3") -> Item:
    """The model among all baselines, with intervals of the difference on the same windows."""
    mine = interval(experiment, found.scaled.window_mse)
    block = experiment.recipe.window.horizon
    rows = [("this model", fixed(found.scaled.mse, 4), fixed(found.scaled.mae, 4), "—", _range(mine))]
    told = {baseline.name: baseline.summary for baseline in experiment.baselines}
    for name, other in sorted(found.beside.items(), key=lambda pair: pair[1].mse):
        sure = difference(experiment, found, name)
        rows.append((f"{name}: {told.get(name, '')}", fixed(other.mse, 4), fixed(other.mae, 4),
                     f"{fixed(sure.value, 4)} {_range(sure)}", _range(interval(experiment, other.window_mse))))
    table = Table(header=("forecast", "MSE", "MAE", "model's MSE less its own, 95 %", "MSE, 95 %"), rows=tuple(rows),
                  caption=f"All {found.scaled.windows:,} windows of the test part, scaled by the training rows. As "
                          f"windows overlap, intervals are those of a bootstrap in blocks of {block} windows, and "
                          "reach to infinity where the test part holds less than two blocks.")
    better = [name for name in found.beside if difference(experiment, found, name).high < 0]
    beaten = [name for name, other in found.beside.items() if found.scaled.mse < other.mse]
    words = (f"The model's squared error is smaller than that of {len(beaten)} of {len(found.beside)} baselines, "
             f"surely so for {len(better)}; the best baseline is {found.best}.",)
    return Item(number=number, title="The model and the baselines", text=words, tables=(table,))


def horizon_item(found: Judged, path: Path, provenance: dict[str, str], number: str = "4") -> Item:
    """The squared error at each step of the horizon, beside the strongest baselines."""
    names = sorted(found.beside, key=lambda name: found.beside[name].mse)[:3]
    figure, (axes,) = canvas(7.2, 3.6)
    steps = torch.arange(1, len(found.scaled.step_mse) + 1)
    lines(axes, steps, {"model": found.scaled.step_mse, **{name: found.beside[name].step_mse for name in names}},
          xlabel="step of the horizon", ylabel="MSE, scaled", markers=len(steps) < 50)
    first, last = found.scaled.step_mse[0].item(), found.scaled.step_mse[-1].item()
    shown = save_figure(figure, path, provenance, folder=path.parent.parent,
                        caption="Squared error by the step that is forecast, over all test windows and channels.",
                        alt=f"The model's error rises from {first:.3g} at step 1 to {last:.3g} at step {len(steps)}")
    return Item(number=number, title="Errors by horizon", figures=(shown,), tables=(_horizon_table(found),))


def _horizon_table(found: Judged) -> Table:
    horizon = len(found.scaled.step_mse)
    ends = sorted({max(1, horizon * part // 4) for part in range(1, 5)})
    best = found.beside[found.best]
    rows = tuple((f"{a + 1}–{b}", *(fixed(each[a:b].mean().item(), 4) for each in (
        found.scaled.step_mse, found.scaled.step_mae, best.step_mse, best.step_mae)))
        for a, b in zip((0, *ends), ends, strict=False))
    return Table(header=("steps", "MSE", "MAE", f"MSE of {found.best}", f"MAE of {found.best}"), rows=rows)


def channels_item(experiment: "ForecasterExperiment", found: Judged, number: str = "5") -> Item:
    """The errors of each channel, scaled and in its own unit, beside the best baseline's."""
    best, unit = found.beside[found.best], found.beside_original[found.best]
    columns: tuple[Tensor, ...] = (found.scaled.channel_mse, best.channel_mse, found.scaled.channel_mae,
                                   _root(found.original), _root(unit), found.original.channel_mae, unit.channel_mae)
    rows = tuple((name, *(fixed(column[k].item(), 4) for column in columns))
                 for k, name in enumerate(experiment.series.channels))
    header = ("channel", "MSE, scaled", f"of {found.best}", "MAE, scaled", "RMSE in its unit", f"of {found.best}",
              "MAE in its unit", f"of {found.best}")
    return Item(number=number, title="Errors by channel", tables=(Table(header=header, rows=rows),))


def _root(errors: Pooled) -> Tensor:
    return errors.channel_mse.sqrt()


def forecasts_item(experiment: "ForecasterExperiment", networks: Networks, path: Path, provenance: dict[str, str],
                   number: str = "6") -> Item:
    """Forecasts of evenly spread test windows beside what came, in the series' own unit."""
    test, channels = experiment.parts.test, experiment.series.channels
    chosen = torch.linspace(0, len(test) - 1, min(_SHOWN, len(test))).round().long()
    columns = list(range(len(channels)))[-_CHANNELS:]
    figure, axes = canvas(10.2, 2.4 * len(chosen), len(chosen), len(columns))
    made, batch = next(experiment.forecasts(networks, test, chosen))
    low, high = _band(experiment, made)
    for k in range(len(chosen)):
        for j, column in enumerate(columns):
            _draw_forecast(experiment, axes[k * len(columns) + j], batch["x"][k], batch["y"][k],
                           (experiment.head.point(made)[k], None if low is None else low[k],
                            None if high is None else high[k]), column)
    legend_above(figure, axes[0])
    named = " and ".join(channels[column] for column in columns)
    band = " with its outermost quantiles" if low is not None else ""
    shown = save_figure(figure, path, provenance, folder=path.parent.parent,
                        caption=f"Forecasts of {len(chosen)} test windows, evenly spread, of {named}: the end of what "
                                f"is known, what came, and what was forecast{band}, beside the last season again and "
                                "again.",
                        alt=f"Curves of {len(chosen)} forecasts beside the truth, for {len(columns)} channels")
    return Item(number=number, title="Forecasts beside what came", figures=(shown,))


def _band(experiment: "ForecasterExperiment", made: Tensor) -> tuple[Tensor | None, Tensor | None]:
    if isinstance(experiment.head, Point):
        return None, None
    levels = levels_of(experiment)
    found = experiment.head.quantiles(made, torch.tensor((levels[0], levels[-1]), dtype=torch.float64))
    return found[..., 0], found[..., 1]


@styled()
def _draw_forecast(experiment: "ForecasterExperiment", axes: "Axes", x: Tensor, y: Tensor,
                   forecast: tuple[Tensor, Tensor | None, Tensor | None], column: int) -> None:
    def unit(values: Tensor) -> Tensor:
        return experiment.parts.scaler.invert(values)[..., column]

    horizon = len(y)
    past = x[-_PAST * horizon :]
    before, after = torch.arange(-len(past), 0), torch.arange(horizon)
    axes.plot(before, unit(past), color=GRAY, linewidth=1.0, label="known")
    axes.plot(after, unit(y), color=INK, linewidth=1.0, label="what came")
    point, low, high = forecast
    if low is not None and high is not None:
        axes.fill_between(after, unit(low), unit(high), color=COLORS[0], alpha=0.2, linewidth=0)
    naive = last_season(experiment, x)
    if naive is not None:
        axes.plot(after, unit(naive), color=COLORS[1], linewidth=0.9, linestyle=DASHED, label="seasonal naive")
    axes.plot(after, unit(point), color=COLORS[0], linewidth=1.4, label="forecast")
    axes.set(xlabel="rows from the forecast's start", ylabel=experiment.series.channels[column])


def last_season(experiment: "ForecasterExperiment", x: Tensor) -> Tensor | None:
    """The seasonal naive forecast (H, C) of one lookback (L, C); None where the lookback is shorter than a season."""
    try:
        return seasonal_mean(x[None], experiment.recipe.window.horizon, experiment.period)[0]
    except InputError:
        return None


def _range(sure: Interval) -> str:
    return f"[{fixed(sure.low, 4)}, {fixed(sure.high, 4)}]" if sure.high < float("inf") else "[−∞, ∞]"
