"""A small series with a day and a week in it, and small forecasters of it, for the tests of this folder."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genloom.data.series.clock import grid
from genloom.data.series.series import Series
from genloom.recipes.build_forecaster import ForecasterExperiment
from genloom.recipes.forecaster import Data, Evaluation, ForecasterRecipe, Network, Window, forecaster

ROWS, CHANNELS = 600, ("load", "oil")


def world(rows: int = ROWS, noise: float = 0.1, level: float = 20.0) -> Series:
    """Hourly values (rows, 2): waves of a day and a week, and noise."""
    hours, random = np.arange(rows), np.random.default_rng(0)
    day, week = np.sin(2 * np.pi * hours / 24), np.cos(2 * np.pi * hours / 168)
    values = np.stack((5 * day + week, level + 3 * day - 2 * week), axis=1)
    values = values + noise * random.standard_normal(values.shape)
    return Series(values, grid(np.datetime64("2020-01-01T00:00:00", "s"), np.timedelta64(3600, "s"), rows), CHANNELS,
                  np.timedelta64(3600, "s"), "a small world of waves")


def write_csv(series: Series, path: Path) -> Path:
    """The series as a file."""
    rows = [",".join(["time", *series.channels])]
    rows += [",".join([str(moment), *map(repr, map(float, row))])
             for moment, row in zip(series.times, series.values, strict=True)]
    path.write_text("\n".join(rows) + "\n")
    return path


def small_recipe(**parts: Any) -> ForecasterRecipe:
    recipe = forecaster()
    recipe = replace(
        recipe, data=Data(borders="ratio"), window=Window(lookback=48, horizon=12, label=12),
        network=Network(kind="linear", normalise="last", dropout=0.0, width=8, heads=2, hidden=16, layers=1),
        engine=replace(recipe.engine, steps=4, batch_size=8, evaluate_every=2, tensorboard=False, precision="32"),
        evaluation=Evaluation(windows=10, draws=100))
    return replace(recipe, **parts)


def use_world(monkeypatch: pytest.MonkeyPatch, series: Series | None = None) -> Series:
    """Forecasters that are built see the small world, whatever their data are called."""
    found = world() if series is None else series
    monkeypatch.setattr("genloom.recipes.build_forecaster.make_series", lambda data, root: found)
    return found


def small(**parts: Any) -> ForecasterExperiment:
    return ForecasterExperiment(small_recipe(**parts))
