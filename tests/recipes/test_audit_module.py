"""What the audit of a reader's own module works on."""

import numpy as np
import pytest
from forecaster_small import world
from numpy.typing import NDArray

from genloom.data.series.borders import Borders
from genloom.errors import InputError
from genloom.forecasting.audit.preparation import scaler
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


def test_functions_that_fail_are_told() -> None:
    with pytest.raises(InputError, match="it raises TypeError"):
        prepared(world(), SPLIT, 48, 12, lambda values: values)  # type: ignore[arg-type,misc]
    with pytest.raises(InputError, match="finite"):
        prepared(world(), SPLIT, 48, 12, lambda values, train: values * np.nan)
    with pytest.raises(InputError, match="the shape of the values"):
        prepared(world(), SPLIT, 48, 12, lambda values, train: values[1:])
