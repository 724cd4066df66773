import os

import pytest
import torch

from genloom.data.series.borders import borders
from genloom.data.series.calendar import season
from genloom.data.series.read import read_series
from genloom.data.series.simulator import simulate
from genloom.errors import InputError
from genloom.forecasting.baselines import Forecast, baselines, repeat_last, seasonal_mean, window_mean
from genloom.forecasting.windows import Parts, Windows, parts
from genloom.metrics.forecast_errors import Errors

X = torch.randn(2, 10, 3, generator=torch.Generator().manual_seed(0))


def test_the_simple_ones_are_what_they_say() -> None:
    for step in range(4):
        torch.testing.assert_close(repeat_last(X, 4)[:, step], X[:, -1])
        torch.testing.assert_close(window_mean(X, 4)[:, step], X.mean(dim=1))


@pytest.mark.parametrize("seasons", [1, 2, 3])
def test_a_season_goes_on_at_its_place(seasons: int) -> None:
    told = seasonal_mean(X, 8, 3, seasons)
    for step in range(8):
        same = [X[:, 10 - 3 * (back + 1) + step % 3] for back in range(seasons)]
        torch.testing.assert_close(told[:, step], torch.stack(same).mean(dim=0))


def test_a_periodic_series_is_forecast_exactly() -> None:
    values = torch.sin(torch.arange(40.0) * 2 * torch.pi / 8)[:, None]
    torch.testing.assert_close(seasonal_mean(values[None, :16], 24, 8, 2)[0], values[16:40], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("period", "seasons"), [(11, 1), (6, 2), (0, 1), (3, 0)])
def test_seasons_must_fit_the_lookback(period: int, seasons: int) -> None:
    with pytest.raises(InputError, match="≤ 10"):
        seasonal_mean(X, 4, period, seasons)


def test_those_without_room_are_left_out() -> None:
    series = simulate(600)
    names = {}
    for lookback in (12, 30, 96):
        made = parts(series, borders(series, "ratio", lookback=lookback, horizon=5), lookback, 5)
        names[lookback] = [baseline.name for baseline in baselines(made, season(series.step))]
    assert names[96] == ["train-mean", "repeat-last", "window-mean", "seasonal-naive", "seasonal-mean", "ridge"]
    assert names[30] == [name for name in names[96] if name != "seasonal-mean"]
    assert names[12] == ["train-mean", "repeat-last", "window-mean", "ridge"]


def test_all_have_the_shape_of_the_truth_and_do_not_depend_on_the_batch() -> None:
    series = simulate(600)
    made = parts(series, borders(series, "ratio", lookback=48, horizon=30), 48, 30)
    batch = made.test.batch(torch.arange(6))
    for baseline in baselines(made, 24):
        told = baseline.forecast(batch["x"])
        assert told.shape == batch["y"].shape
        torch.testing.assert_close(told[4:5], baseline.forecast(batch["x"][4:5]))


def test_the_mean_is_that_of_the_training_rows_alone() -> None:
    values = torch.cat((torch.zeros(30, 1), torch.ones(20, 1)))
    marks = torch.zeros(50, 0)
    made = Parts(*(Windows(values, marks, start, stop, 4, 2) for start, stop in ((0, 30), (30, 40), (40, 50))),
                 scaler=None)  # type: ignore[arg-type]
    assert baselines(made, 2, ridge=False)[0].forecast(values[None, 40:44]).tolist() == [[[0.0], [0.0]]]


def errors(forecast: Forecast, windows: Windows) -> tuple[float, float]:
    found = Errors()
    for batch in windows.batches(256):
        found.add(forecast(batch["x"]), batch["y"])
    pooled = found.pooled()
    assert pooled.windows == 2161
    return pooled.mse, pooled.mae


@pytest.mark.real_data
@pytest.mark.parametrize(("lookback", "known"), [
    (96, {"train-mean": (1.097, 0.802), "repeat-last": (1.335, 0.755), "window-mean": (0.712, 0.595),
          "seasonal-naive": (0.655, 0.514), "seasonal-mean": (0.490, 0.454), "ridge": (0.470, 0.462)}),
    (336, {"seasonal-mean": (0.424, 0.437), "ridge": (0.433, 0.451)}),
])
def test_etth1_has_the_known_errors(lookback: int, known: dict[str, tuple[float, float]]) -> None:
    series = read_series("etth1", data_root=os.environ["GENLOOM_DATA"])
    made = parts(series, borders(series, "ett", lookback=lookback, horizon=720), lookback, 720)
    by_name = {baseline.name: baseline.forecast for baseline in baselines(made, season(series.step))}
    for name, told in known.items():
        assert errors(by_name[name], made.test) == pytest.approx(told, abs=6e-4)
