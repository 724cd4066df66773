"""What the audit of a reader's own module works on."""

import os

import numpy as np
import pytest
from forecaster_small import world
from numpy.typing import NDArray

from genloom.data.series.borders import Borders, borders
from genloom.data.series.read import read_series
from genloom.errors import InputError
from genloom.forecasting.audit.preparation import scaler, smoothed
from genloom.recipes.audit_module import prepared

SPLIT = Borders(slice(0, 400), slice(400, 460), slice(460, 600))


def test_our_own_preparation_is_sound_and_standard() -> None:
    data, windows = prepared(world(), SPLIT, 48, 12)
    assert scaler(data).verdict == "pass"
    assert len(windows) == 600 - 460 - 12 + 1
    np.testing.assert_allclose(windows.values[:400].mean(0), 0, atol=1e-5)


def test_a_function_of_the_readers_is_called_with_the_training_rows() -> None:
    def mine(values: NDArray[np.float64], train: int) -> object:
        assert train == 400
        return values / values[:train].max()

    data, windows = prepared(world(), SPLIT, 48, 12, mine)
    assert scaler(data).verdict == "pass"
    assert windows.values[:400].max() == 1
    assert scaler(prepared(world(), SPLIT, 48, 12, lambda values, train: values / values.max())[0]).verdict == "fail"


@pytest.mark.real_data
def test_a_scaler_of_all_of_etth1_is_told_by_its_oil_temperature() -> None:
    """Mean oil temperature is 17.1 °C over the 12 months of training and 13.3 °C over both years."""
    series = read_series("etth1", data_root=os.environ["GENLOOM_DATA"])
    split = borders(series, "ett", lookback=96, horizon=720)
    assert scaler(prepared(series, split, 96, 720)[0]).verdict == "pass"
    data, windows = prepared(series.select(["OT"]), split, 96, 720, lambda values, train: (
        values - values.mean(0)) / values.std(0))
    found = scaler(data)
    assert found.verdict == "fail"
    assert "mean 13.32 (training 17.13, all 13.32)" in found.said
    assert smoothed(data).verdict == "pass"
    assert len(windows) == 2161


def test_functions_that_fail_are_told() -> None:
    with pytest.raises(InputError, match="it raises TypeError"):
        prepared(world(), SPLIT, 48, 12, lambda values: values)  # type: ignore[arg-type,misc]
    with pytest.raises(InputError, match="finite"):
        prepared(world(), SPLIT, 48, 12, lambda values, train: values * np.nan)
    with pytest.raises(InputError, match="the shape of the values"):
        prepared(world(), SPLIT, 48, 12, lambda values, train: values[1:])
