import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from genloom.data.series.scaler import Scaler
from genloom.errors import DataError, InputError

VALUES = np.random.default_rng(0).normal(5, [1.0, 30.0, 1e-3], size=(500, 3))


def test_it_is_the_scaler_of_scikit_learn() -> None:
    np.testing.assert_allclose(Scaler.fit(VALUES).apply(VALUES), StandardScaler().fit_transform(VALUES), rtol=1e-9)


def test_inversion_gives_the_values_back() -> None:
    scaler = Scaler.fit(VALUES)
    np.testing.assert_allclose(scaler.invert(scaler.apply(VALUES)), VALUES, rtol=1e-14)


def test_tensors_stay_tensors_in_float64_and_channels_lie_where_told() -> None:
    scaler = Scaler.fit(VALUES)
    quantiles = torch.zeros(2, 4, 3, 5)
    told = scaler.invert(quantiles, axis=2)
    assert told.dtype == torch.float64
    torch.testing.assert_close(told[0, 0, :, 0], torch.from_numpy(scaler.mean))
    np.testing.assert_array_equal(scaler.apply(torch.from_numpy(VALUES)).numpy(), scaler.apply(VALUES))


def test_a_constant_channel_is_centred_and_named() -> None:
    values = VALUES.copy()
    values[:, 1] = 0.1  # whose sum in float64 is not a multiple of it
    scaler = Scaler.fit(values)
    assert scaler.constant == (1,)
    assert (scaler.apply(values)[:, 1] == 0).all()
    assert scaler.std[1] == 1


def test_json_gives_the_same_numbers_back() -> None:
    scaler = Scaler.fit(VALUES)
    again = Scaler.from_json(scaler.to_json())
    np.testing.assert_array_equal(again.mean, scaler.mean)
    np.testing.assert_array_equal(again.std, scaler.std)
    assert again.constant == scaler.constant


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mean": [0], "std": [0], "constant": []}',
                                  '{"mean": [0], "std": [1, 2], "constant": []}', '{"mean": "x", "std": [1]}'])
def test_what_is_no_scaler_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="not a scaler"):
        Scaler.from_json(text)


def test_it_is_fitted_to_finite_rows_and_applied_to_as_many_channels() -> None:
    with pytest.raises(DataError, match="finite"):
        Scaler.fit(np.full((3, 2), np.nan))
    with pytest.raises(DataError, match="N ≥ 1"):
        Scaler.fit(np.zeros((0, 2)))
    with pytest.raises(InputError, match="3 channels along axis -1"):
        Scaler.fit(VALUES).apply(np.zeros((5, 4)))


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_numbers_whose_squares_no_float_holds_are_refused(size: float) -> None:
    with pytest.raises(DataError, match="express"):
        Scaler.fit(size * VALUES)


def test_statistics_kept_in_float32_are_the_same_however_far_the_mean_is_from_zero() -> None:
    scaler = Scaler.fit(VALUES + np.array([1e6, 0.0, 5.0]))  # means of 5 · 10³ deviations and more
    mean, std = (np.float64(np.float32(each)) for each in (scaler.mean, scaler.std))
    assert scaler.apart(mean, std) < 1e-6
    assert scaler.apart(mean + 0.5 * std, std) == pytest.approx(0.5, rel=0.15)
    assert scaler.apart(mean, 1.5 * std) == pytest.approx(0.5, rel=1e-5)
