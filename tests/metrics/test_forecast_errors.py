import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.forecast_errors import Errors, mase, seasonal_scale

RNG = torch.Generator().manual_seed(0)
FORECAST, TRUTH = torch.randn(10, 4, 3, generator=RNG), torch.randn(10, 4, 3, generator=RNG)


def collected(sizes: list[int], unit: torch.Tensor | None = None) -> Errors:
    errors = Errors(unit)
    for forecast, truth in zip(FORECAST.split(sizes), TRUTH.split(sizes), strict=True):
        errors.add(forecast, truth)
    return errors


def test_the_pooled_error_is_that_of_all_windows_and_not_a_mean_of_batch_means() -> None:
    known = (FORECAST.double() - TRUTH.double()).square().mean()
    for sizes in ([10], [3, 3, 4], [9, 1], [1] * 10):
        pooled = collected(sizes).pooled()
        assert pooled.mse == pytest.approx(float(known), rel=1e-14)
        assert pooled.windows == 10
    means = [(FORECAST[rows] - TRUTH[rows]).square().mean() for rows in (slice(0, 9), slice(9, 10))]
    assert abs(float(sum(means) / 2 - known)) > 1e-2  # what the last small batch would do


def test_sides_are_means_of_the_same_errors() -> None:
    error = FORECAST.double() - TRUTH.double()
    pooled = collected([4, 6]).pooled()
    torch.testing.assert_close(pooled.channel_mse, error.square().mean(dim=(0, 1)))
    torch.testing.assert_close(pooled.channel_mae, error.abs().mean(dim=(0, 1)))
    torch.testing.assert_close(pooled.step_mse, error.square().mean(dim=(0, 2)))
    torch.testing.assert_close(pooled.step_mae, error.abs().mean(dim=(0, 2)))
    torch.testing.assert_close(pooled.window_mse, error.square().mean(dim=(1, 2)))
    torch.testing.assert_close(pooled.window_mae, error.abs().mean(dim=(1, 2)))
    for side in (pooled.channel_mse, pooled.step_mse, pooled.window_mse):
        assert float(side.mean()) == pytest.approx(pooled.mse, rel=1e-12)


def test_the_original_unit_is_that_of_forecasts_scaled_back() -> None:
    unit, shift = torch.tensor([2.0, 0.5, 30.0], dtype=torch.float64), torch.tensor([1.0, -5.0, 100.0])
    original = collected([4, 6], unit).original()
    scaled_back = Errors()
    scaled_back.add(FORECAST.double() * unit + shift, TRUTH.double() * unit + shift)
    known = scaled_back.pooled()
    assert original.mse == pytest.approx(known.mse, rel=1e-12)
    for mine, theirs in zip(original[2:], known[2:], strict=True):
        torch.testing.assert_close(mine, theirs)


def test_many_small_errors_are_summed_in_float64() -> None:
    errors = Errors()
    for _ in range(20):
        errors.add(torch.full((1000, 10, 1), 1e-3), torch.zeros(1000, 10, 1))
    assert errors.pooled().mae == pytest.approx(float(torch.tensor(1e-3).double()), rel=1e-12)


def test_the_scale_of_mase_is_the_seasonal_naive_error_in_training() -> None:
    values = torch.tensor([[0.0], [1.0], [2.0], [5.0]])
    assert float(seasonal_scale(values, 1)) == pytest.approx(5 / 3)
    assert float(seasonal_scale(values, 2)) == pytest.approx(3.0)
    naive = (values[2:] - values[:-2]).abs().mean(dim=0)
    assert mase(naive, seasonal_scale(values, 2)) == 1.0


@pytest.mark.parametrize(("forecast", "truth", "told"), [
    (torch.zeros(2, 4, 3), torch.zeros(2, 4, 2), "one shape"), (torch.zeros(4, 3), torch.zeros(4, 3), "one shape"),
    (torch.zeros(0, 4, 3), torch.zeros(0, 4, 3), "one shape"), (torch.zeros(2, 5, 3), torch.zeros(2, 5, 3), "shape"),
    (torch.full((2, 4, 3), torch.nan), torch.zeros(2, 4, 3), "finite"),
])
def test_what_is_no_forecast_is_refused(forecast: torch.Tensor, truth: torch.Tensor, told: str) -> None:
    errors = collected([10])
    with pytest.raises(InputError, match=told):
        errors.add(forecast, truth)
    assert errors.pooled().windows == 10


def test_what_cannot_be_asked_is_told() -> None:
    with pytest.raises(InputError, match="at least one window"):
        Errors().pooled()
    with pytest.raises(InputError, match="scaler's std"):
        collected([10]).original()
    with pytest.raises(InputError, match="shape"):
        collected([10], torch.ones(2)).original()
    with pytest.raises(InputError, match="below the number of rows"):
        seasonal_scale(torch.zeros(5, 1), 5)
    with pytest.raises(InputError, match="exactly periodic"):
        seasonal_scale(torch.zeros(5, 1), 1)
    with pytest.raises(InputError, match="one shape"):
        mase(torch.ones(2), torch.ones(3))
