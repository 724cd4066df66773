"""S0.4: the test part, beside all baselines."""

import math

import pytest
import torch

from genloom.metrics.interval import Interval
from genloom.recipes.judge_forecaster import judge_test
from genloom.studies.forecasting import tested, work
from genloom.studies.forecasting.work import beside, judged, standard


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(tested.test, tiny, formula=True)
    assert len(answer.figures) == 3
    names = {row[0].partition(":")[0] for row in answer.tables[0].rows}
    assert set(beside(tiny)) <= names


def test_errors_are_those_of_a_runs_own_report(tiny) -> None:
    model = standard(tiny)[0]
    mine, own = judged(tiny, model), judge_test(model.experiment, model.networks)
    assert mine.scaled.mse == pytest.approx(own.scaled.mse, rel=1e-6)
    assert {name: each.mse for name, each in mine.beside.items()} == pytest.approx(
        {name: each.mse for name, each in own.beside.items()}, rel=1e-6)
    torch.testing.assert_close(mine.original.channel_mae, own.original.channel_mae, rtol=1e-5, atol=1e-8)


def test_the_goal_can_be_missed(tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    models = standard(tiny)
    good = {name: each._replace(scaled=each.scaled._replace(mse=1e-9)) for name, each in beside(tiny).items()}
    monkeypatch.setattr(tested, "beside", lambda context: good)
    assert tested._errors(tiny, models)[0].status == "fail"
    assert "no baseline" in tested._standing(tiny, models)


def test_baselines_are_held_against_what_was_computed_apart(tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tested._checks(tiny) == (), "of other data nothing is known"
    size = work.SIZES["laptop"]
    real = tested.here(tiny)._replace(real=True)
    monkeypatch.setattr(tested, "here", lambda context: real)
    assert tested._checks(tiny) == (), "nor of other windows"
    assert size.lookback != 96


def test_an_interval_without_ends_is_shown_so() -> None:
    assert tested.between(Interval(1.0, -math.inf, math.inf, 3)) == "[−∞, ∞]"
    assert tested.between(Interval(1.0, 0.5, 1.5, 3)) == "[0.500, 1.500]"


def test_the_share_of_the_level_is_that_of_means_over_the_horizon(tiny) -> None:
    model = standard(tiny)[0]
    mine, last = tested.level_shares(tiny, model, "repeat-last")
    assert 0 < mine < 1
    test = model.experiment.parts.test
    batch = test.batch(torch.arange(len(test)))
    error = (batch["x"][:, -1:] - batch["y"]).double()
    assert last == pytest.approx(float(error.mean(1).square().mean() / error.square().mean()), rel=1e-6)
