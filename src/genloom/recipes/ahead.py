"""What comes next: a forecast from any time on, in the series' own unit, with intervals and the seasonal naive one."""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genloom.data.series.clock import Times, grid
from genloom.data.series.time_texts import one_time
from genloom.errors import InputError
from genloom.forecasting.heads import Point
from genloom.recipes.build_forecaster import NAME
from genloom.recipes.forecaster_parts import make_marks
from genloom.recipes.show_forecaster import last_season
from genloom.report.figures import COLORS, DASHED, GRAY, INK, canvas, legend_above, save_figure, styled
from genloom.report.results import strict, write_atomically
from genloom.training.method import Networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from genloom.recipes.build_forecaster import ForecasterExperiment

_RESIDUALS = 50_000_000  # numbers of residuals that are held at once
_PANELS = 6  # channels that are drawn
_ROUNDING = 1e-9  # of levels: (1 + .9) / 2 is not .95 in binary
_PAST = 2  # horizons of the past that are drawn, at most


@dataclass(frozen=True, eq=False)
class Ahead:
    """A forecast of H rows of C channels in the series' own unit.

    times       of the rows
    point       (H, C) float64, between `low` and `high` with a probability of about `level`
    naive       the last season again and again, where the lookback holds one
    truth       of rows that are known, NaN of others
    past        the lookback (L, C), and `before`, its times
    how         where the interval is from
    """

    times: Times
    channels: tuple[str, ...]
    point: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    naive: NDArray[np.float64] | None
    truth: NDArray[np.float64]
    past: NDArray[np.float64]
    before: Times
    level: float
    how: str


def ahead(experiment: "ForecasterExperiment", networks: Networks, start: str = "", level: float | None = None) -> Ahead:
    """The forecast of the H rows from `start` on, or after the last row of the series.

    start   the time of the first row to forecast, ISO
    level   coverage of the interval; the recipe's own when None, or that of the outermost quantiles where it is less

    Errors: `InputError` for a time with less than a lookback before it or after the end, or a level outside (0, 1) or
    beyond the model's outermost quantiles.
    """
    experiment.use_units_of(networks)
    series, scaler, window = experiment.series, experiment.parts.scaler, experiment.recipe.window
    level = min(experiment.recipe.evaluation.level, widest(experiment)) if level is None else level
    _check_level(experiment, level)
    row = _row(experiment, start)
    whole = grid(series.times[0], series.step, row + window.horizon)
    marks = make_marks(experiment.recipe, whole[row - window.lookback :], series)[None]
    past = series.values[row - window.lookback : row]
    x = torch.from_numpy(scaler.apply(past)).float()[None]
    told = {"x": x, "x_marks": marks[:, : window.lookback], "y_marks": marks[:, window.lookback :]}
    made = experiment.forecast(networks[NAME].eval(), told)
    point = experiment.head.point(made)[0]
    low, high, how = _interval(experiment, networks, made, level)
    naive = last_season(experiment, x[0])
    truth = np.full(point.shape, np.nan)
    known = series.values[row : row + window.horizon]
    truth[: len(known)] = known
    middle, bottom, top = (scaler.invert(each).numpy() for each in (point, low, high))
    return Ahead(whole[row:], series.channels, middle, bottom, top,
                 None if naive is None else scaler.invert(naive).numpy(), truth, past,
                 whole[row - window.lookback : row], level, how)


def widest(experiment: "ForecasterExperiment") -> float:
    """The coverage of the widest interval that a model has: of its outermost quantiles, or 1 of a distribution."""
    network = experiment.recipe.network
    inner = min(network.levels[-1], 1 - network.levels[0])
    return round(2 * inner - 1, 9) if network.head == "quantiles" else 1.0


def _check_level(experiment: "ForecasterExperiment", level: float) -> None:
    if not 0 < level < 1:
        raise InputError("--level", level, "between 0 and 1", "pass --level 0.9")
    most, levels = widest(experiment), experiment.recipe.network.levels
    if level > most + _ROUNDING:
        raise InputError("--level", level, f"at most {most:.4g}, since the model's outermost quantiles are those at "
                         f"{levels[0]:g} and {levels[-1]:g}", "pass a lower --level, or train with more "
                         "--network.levels")


def _row(experiment: "ForecasterExperiment", start: str) -> int:
    """The first row to forecast."""
    series, lookback = experiment.series, experiment.recipe.window.lookback
    if not start:
        if len(series) < lookback:
            raise InputError("--from", start, f"left to a series of at least {lookback} rows; this has {len(series)}")
        return len(series)
    last = grid(series.times[-1], series.step, 2)[-1]
    first = series.times[lookback] if lookback < len(series) else last
    moment = one_time(start)
    refused = InputError("--from", start, f"a time from {first} to {last}, without a zone, such as {last}",
                         f"the forecast needs {lookback} rows before it")
    if moment is None or moment > last:
        raise refused
    row = len(series) if moment == last else int(np.searchsorted(series.times, moment))
    if row < lookback:
        raise refused
    return row


def _interval(experiment: "ForecasterExperiment", networks: Networks, made: Tensor,
              level: float) -> tuple[Tensor, Tensor, str]:
    """Ends of the interval, (H, C) scaled, and where they are from."""
    if not isinstance(experiment.head, Point):
        tails = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)
        found = experiment.head.quantiles(made, tails)[0]
        if experiment.recipe.network.head != "quantiles":
            return found[..., 0], found[..., 1], f"quantiles of the model's own {experiment.recipe.network.head}"
        return found[..., 0], found[..., 1], f"the model's own quantiles at {tails[0]:.4g} and {tails[1]:.4g}"
    half, count = conformal(experiment, networks, level)
    how = f"errors on {count:,} windows of validation, at each step and channel (split conformal)"
    point = experiment.head.point(made)[0]
    return point - half, point + half, how


def conformal(experiment: "ForecasterExperiment", networks: Networks, level: float) -> tuple[Tensor, int]:
    """How far the truth was from the forecast in a share `level` of the validation windows: (H, C), and their number.

    It is the ⌈(n + 1) level⌉-th smallest of n absolute errors, which covers the next one with a probability of at least
    `level` where errors come in any order; those of windows that overlap do not quite, so that this is approximate.
    [Vovk, Gammerman & Shafer 2005; Lei et al. 2018, Theorem 2.2]

    Errors: `InputError` for fewer windows than the level needs.
    """
    valid = experiment.parts.valid
    each = experiment.recipe.window.horizon * len(experiment.series.channels)
    count = min(len(valid), max(1, _RESIDUALS // each))
    rank = math.ceil((count + 1) * level)
    if rank > count:
        raise InputError("--level", level, f"at most {count / (count + 1):.3g} with {count} windows of validation",
                         "pass a lower --level, or train with --network.head quantiles")
    chosen = torch.linspace(0, len(valid) - 1, count).round().long()
    errors = [(experiment.head.point(made) - batch["y"]).abs()
              for made, batch in experiment.forecasts(networks, valid, chosen)]
    return torch.cat(errors).kthvalue(rank, dim=0).values, count


def write(found: Ahead, folder: Path, provenance: dict[str, str]) -> list[Path]:
    """The forecast as forecast.csv, forecast.json and forecast.png."""
    folder.mkdir(parents=True, exist_ok=True)
    table = write_atomically(folder / "forecast.csv", _csv(found).encode())
    document = write_atomically(folder / "forecast.json", _json(found).encode())
    picture = folder / "forecast.png"
    _picture(found, picture, provenance)
    return [table, document, picture]


def _columns(found: Ahead) -> dict[str, NDArray[np.float64]]:
    """Each column of the table: the forecast under the channel's own name, its ends and the naive one behind it.

    Where a channel has such a name of its own, as price_low beside price, more underscores tell them apart.
    """
    parts = {"": found.point, "low": found.low, "high": found.high}
    parts |= {} if found.naive is None else {"naive": found.naive}
    between = "_"
    while any(f"{name}{between}{part}" in found.channels for name in found.channels for part in parts if part):
        between += "_"
    return {f"{name}{between}{part}" if part else name: values[:, k]
            for k, name in enumerate(found.channels) for part, values in parts.items()}


def _csv(found: Ahead) -> str:
    text, columns = io.StringIO(), _columns(found)
    writer = csv.writer(text, lineterminator="\n")
    moments = next(name for name in ("time", "date", "time of the row") if name not in columns)
    writer.writerow([moments, *columns])
    for i, moment in enumerate(found.times):
        writer.writerow([str(moment).replace("T", " "), *(f"{column[i]:.10g}" for column in columns.values())])
    return text.getvalue()


def _json(found: Ahead) -> str:
    import json

    document: dict[str, Any] = {"level": found.level, "interval": found.how, "times": [str(t) for t in found.times],
                                "channels": {}}
    for k, name in enumerate(found.channels):
        document["channels"][name] = {
            "forecast": found.point[:, k].tolist(), "low": found.low[:, k].tolist(), "high": found.high[:, k].tolist(),
            "naive": None if found.naive is None else found.naive[:, k].tolist(),
            "truth": [None if math.isnan(value) else value for value in found.truth[:, k].tolist()]}
    return json.dumps(strict(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _picture(found: Ahead, path: Path, provenance: dict[str, str]) -> None:
    shown = list(range(len(found.channels)))[-_PANELS:]
    figure, axes = canvas(8.6, 1.2 + 1.7 * len(shown), len(shown), 1, sharex=True)
    for axis, column in zip(axes, shown, strict=True):
        _draw(axis, found, column)
    legend_above(figure, axes[0])
    save_figure(figure, path, provenance, caption="", alt="")


@styled()
def _draw(axes: "Axes", found: Ahead, column: int) -> None:
    horizon, times = len(found.times), found.times.astype("datetime64[s]")
    past = found.past[-_PAST * horizon :, column]
    before: Any = found.before[-len(past) :].astype(object)
    axes.plot(before, past, color=GRAY, linewidth=1.0, label="known")
    after: Any = times.astype(object)
    axes.fill_between(after, found.low[:, column], found.high[:, column], color=COLORS[0], alpha=0.2, linewidth=0,
                      label=f"{100 * found.level:g} % interval")
    if found.naive is not None:
        axes.plot(after, found.naive[:, column], color=COLORS[1], linewidth=0.9, linestyle=DASHED,
                  label="seasonal naive")
    if not np.isnan(found.truth[:, column]).all():
        axes.plot(after, found.truth[:, column], color=INK, linewidth=1.0, label="what came")
    axes.plot(after, found.point[:, column], color=COLORS[0], linewidth=1.5, label="forecast")
    axes.set_ylabel(found.channels[column])
