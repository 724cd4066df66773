"""Judging: pooled over all windows, beside every baseline; a perfect forecast passes and a blind one does not."""

import pytest
import torch
from forecaster_small import small, use_world, world
from torch import Tensor, nn

from genloom.forecasting.heads import Quantiles
from genloom.metrics.forecast_errors import Errors
from genloom.recipes.build_forecaster import NAME, ForecasterExperiment
from genloom.recipes.forecaster import Network
from genloom.recipes.judge_forecaster import errors_on, evenly, judge_all, judge_test, quick

NAMES = ["train-mean", "repeat-last", "window-mean", "seasonal-naive", "seasonal-mean", "ridge"]


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch)


class Oracle(nn.Module):
    """Knows the series by heart, and is off by a constant; finds a window by its lookback."""

    def __init__(self, experiment: ForecasterExperiment, off: float = 0.0) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(()))
        self.experiment, self.off = experiment, off

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        values, window = self.experiment.parts.test.values, self.experiment.recipe.window
        starts = torch.cdist(x[:, 0], values).argmin(1) + window.lookback
        return torch.stack([values[start : start + window.horizon] for start in starts.tolist()]) + self.off


class Mean(Oracle):
    """The mean of the training rows."""

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        return x.new_zeros(len(x), self.experiment.recipe.window.horizon, x.shape[2])


def test_one_that_knows_the_future_passes_and_beats_every_baseline() -> None:
    experiment = small()
    found = {result.name: result for result in experiment.evaluate({NAME: Oracle(experiment, 0.01)})}
    mse = found["test MSE, scaled"]
    assert mse.value == pytest.approx(1e-4, rel=1e-3)
    assert mse.status == "pass"
    assert mse.known_name == "ridge, the best baseline"
    assert found["test MAE, scaled"].value == pytest.approx(0.01, rel=1e-4)
    for name in NAMES:
        less = found[f"test MSE less that of {name}"]
        assert less.status == "pass"
        assert less.value == pytest.approx(1e-4 - found[f"test MSE of {name}, scaled"].value, rel=1e-6)
    std = experiment.parts.scaler.std
    assert found["test MAE of oil, in its unit"].value == pytest.approx(0.01 * std[1], rel=1e-4)


def test_one_that_says_the_mean_is_exactly_as_good_as_that_baseline() -> None:
    experiment = small()
    found = {result.name: result for result in experiment.evaluate({NAME: Mean(experiment)})}
    less = found["test MSE less that of train-mean"]
    assert less.value == pytest.approx(0, abs=1e-6)
    assert found["test MSE, scaled"].status == "fail"
    assert found["test MSE less that of seasonal-naive"].status == "fail"


def test_baselines_are_judged_on_the_same_windows() -> None:
    experiment = small()
    found = judge_test(experiment, {NAME: Mean(experiment)})
    assert list(found.beside) == NAMES
    errors = Errors()
    for batch in experiment.parts.test.batches(7):
        errors.add(experiment.baselines[1].forecast(batch["x"]), batch["y"])
    assert found.beside["repeat-last"].mse == pytest.approx(errors.pooled().mse, rel=1e-12)
    assert found.best == "ridge"


def test_during_training_validation_alone_is_looked_at() -> None:
    experiment = small()
    networks = {NAME: Mean(experiment)}
    assert list(quick(experiment, networks)) == ["validation MSE", "validation MAE"]
    whole = errors_on(experiment, networks, experiment.parts.valid)
    some = errors_on(experiment, networks, experiment.parts.valid, 10)
    assert (whole.windows, some.windows) == (49, 10)
    assert quick(experiment, networks)["validation MSE"] == pytest.approx(some.mse)
    rows = torch.cat([batch["y"] for batch in experiment.parts.valid.batches(100)])
    assert whole.mse == pytest.approx(rows.double().square().mean().item(), rel=1e-6)


def test_the_loss_of_a_head_that_is_more_than_a_point_decides() -> None:
    experiment = small(network=Network(kind="linear", head="gaussian"))
    found = quick(experiment, experiment.job().networks)
    assert list(found) == ["validation loss", "validation MSE", "validation MAE"]
    with torch.no_grad():
        made, batch = zip(*experiment.forecasts(experiment.job().networks, experiment.parts.valid,
                                                evenly(experiment.parts.valid, 10)), strict=True)
    truth = torch.cat([each["y"] for each in batch])
    assert found["validation loss"] == pytest.approx(experiment.head.loss(torch.cat(made), truth).item(), rel=1e-5)


def test_quantiles_have_their_coverage_and_score() -> None:
    experiment = small(network=Network(kind="linear", head="quantiles", levels=(0.1, 0.5, 0.9)))
    assert isinstance(experiment.head, Quantiles)

    class Wide(Oracle):
        def forward(self, *told: Tensor) -> Tensor:
            point = super().forward(*told)
            return torch.stack((point - 1, point, point + 1), 3)

    found = {result.name: result for result in experiment.evaluate({NAME: Wide(experiment)})}
    assert found["test MSE, scaled"].value == pytest.approx(0, abs=1e-10)
    inside = found["truths between the 0.1 and the 0.9 quantile"]
    assert (inside.value, inside.known) == (pytest.approx(1), pytest.approx(0.8))
    # losses .1, 0, .1 at .1, .5, .9, straight lines between them and to 0 beyond: 2 · (.1·.05 + .4·.05) · 2
    assert found["CRPS, scaled"].value == pytest.approx(0.1, rel=1e-4)


def test_an_exactly_periodic_channel_has_no_mase(monkeypatch: pytest.MonkeyPatch) -> None:
    series = world(noise=0.0)
    series.values[:, 0] = torch.arange(24).double().repeat(25).numpy()
    use_world(monkeypatch, series)
    experiment = small()
    names = [result.name for result in judge_all(experiment, judge_test(experiment, {NAME: Mean(experiment)}))]
    assert "test MASE" not in names
