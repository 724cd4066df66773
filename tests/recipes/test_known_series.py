"""A run knows its channels again, by name and in the order of its weights, whatever has become of the file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from forecaster_small import small_recipe, world, write_csv

from genloom.data.series.series import Series
from genloom.errors import DataError, UnknownName
from genloom.recipes.build_forecaster import NAME, ForecasterExperiment
from genloom.recipes.experiment import build, keep, kept
from genloom.recipes.forecaster import Data
from genloom.recipes.known_series import FILE, KnownSeries, of_run


def grown(series: Series) -> Series:
    """Another column in front, and the former ones in another order."""
    values = np.concatenate((np.cos(np.arange(len(series)))[:, None], series.values[:, ::-1]), axis=1)
    return replace(series, values=values, channels=("new", *series.channels[::-1]), digest="")


def test_what_is_written_is_read_and_a_run_without_it_knows_nothing(tmp_path: Path) -> None:
    known = KnownSeries.of(world())
    known.write(tmp_path)
    assert of_run(tmp_path) == known == KnownSeries(("load", "oil"), 3600.0)
    assert of_run(tmp_path / "none") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"channels": [], "seconds": 1}', '{"channels": ["a"], "seconds": 0}',
                                  '{"channels": [1], "seconds": 1}'])
def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DataError, match="cannot be read"):
        of_run(tmp_path)


def test_columns_in_another_order_and_new_ones_change_no_forecast(tmp_path: Path) -> None:
    from genloom.recipes.ahead import ahead

    path = write_csv(world(), tmp_path / "my.csv")
    recipe = small_recipe(data=Data(csv=str(path), borders="ratio"))
    first = ForecasterExperiment(recipe)
    networks = first.job().networks
    before = ahead(first, networks)
    keep(first, tmp_path)
    write_csv(grown(world()), path)
    again = build(recipe, known=kept(recipe, tmp_path))
    assert isinstance(again, ForecasterExperiment)
    assert again.series.channels == ("load", "oil")
    after = ahead(again, networks)
    np.testing.assert_array_equal(after.point, before.point)
    assert not again.use_units_of({NAME: networks[NAME]})


def test_a_channel_that_has_gone_and_another_step_are_told(tmp_path: Path) -> None:
    series = world()
    path = write_csv(series.select(("oil",)), tmp_path / "my.csv")
    recipe = small_recipe(data=Data(csv=str(path), borders="ratio"))
    with pytest.raises(UnknownName, match="load"):
        build(recipe, known=KnownSeries.of(series))
    write_csv(series, path)
    with pytest.raises(DataError, match=r"rows are 3,600 seconds apart, and were 86,400 when this run was trained"):
        build(recipe, known=KnownSeries(series.channels, 86_400.0))
