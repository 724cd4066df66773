"""A forecaster's experiment trains, chooses by validation, forecasts in any batches, and knows its own units."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from forecaster_small import ROWS, small, small_recipe, use_world, world

from genloom.data.series.scaler import Scaler
from genloom.errors import DataError, NotHere
from genloom.recipes import SampleRequest, to_yaml
from genloom.recipes.build_forecaster import NAME, ForecasterExperiment
from genloom.recipes.forecaster import Network
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch)


def test_facts_tell_the_data_first_and_every_window() -> None:
    facts = dict(small().facts())
    assert next(iter(facts)) == "data"
    assert facts["data"] == f"a small world of waves; {ROWS} rows of 2 channels"
    # 420 − 48 − 12 + 1 windows of training, 60 − 12 + 1 of validation and 120 − 12 + 1 of the test
    assert facts["windows"] == "48 → 12 rows: 361 to train, 49 of validation, 109 of the test"
    assert "note" not in facts


def test_notes_tell_of_changes_and_of_constant_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    series = world()
    series.values[:, 1] = 7.0
    use_world(monkeypatch, replace(series, notes=("2 rows were filled",), digest=""))
    assert dict(small().facts())["note"] == "2 rows were filled; constant in training: oil"


def test_it_trains_and_the_best_checkpoint_is_that_of_the_least_validation_error(tmp_path: Path) -> None:
    experiment = small()
    run = RunFolder.create(tmp_path / "run", to_yaml(experiment.recipe), ["genloom"], {})
    outcome = fit(experiment.job(), run, screen=Screen("quiet"))
    assert outcome.best is not None
    from genloom.report.run_page import read_columns

    rows = read_columns(run.path / "evaluations.jsonl", ("step", "validation MSE"))
    best = min(zip(rows["validation MSE"], rows["step"], strict=True))
    assert outcome.best.name == f"{best[1]:.0f}".zfill(len(outcome.best.name))


def test_forecasts_do_not_depend_on_how_they_are_batched() -> None:
    recipe = small_recipe(network=Network(kind="patchtst", width=8, heads=2, hidden=16, layers=1))
    experiment = ForecasterExperiment(recipe)
    networks = experiment.job().networks

    def forecasts(batch: int) -> torch.Tensor:
        changed = replace(recipe, evaluation=replace(recipe.evaluation, batch=batch))
        again = ForecasterExperiment(changed)
        return torch.cat([made for made, _ in again.forecasts(networks, again.parts.test)])

    whole = forecasts(1000)
    assert len(whole) == 109
    torch.testing.assert_close(forecasts(7), whole, rtol=1e-5, atol=1e-5)
    chosen = torch.tensor([5, 100])
    (some,) = experiment.forecasts(networks, experiment.parts.test, chosen)
    torch.testing.assert_close(some.made, whole[chosen], rtol=1e-5, atol=1e-5)
    assert torch.equal(some.batch["y"], experiment.parts.test.batch(chosen)["y"])


@pytest.mark.parametrize(("kind", "decoder", "taught"), [("transformer", "autoregressive", True),
                                                         ("transformer", "one-shot", False),
                                                         ("linear", "autoregressive", False)])
def test_only_an_autoregressive_decoder_is_taught(kind: str, decoder: str, taught: bool) -> None:
    network = Network(kind=kind, decoder=decoder, width=8, heads=2, hidden=16, layers=1)
    assert small(network=network).job().method.taught is taught


def test_it_draws_nothing_and_names_the_verb_that_forecasts(tmp_path: Path) -> None:
    experiment = small()
    with pytest.raises(NotHere, match="genloom forecast"):
        experiment.sample(experiment.job().networks, SampleRequest(), tmp_path, {})


def test_what_the_test_says_is_kept_until_the_weights_change() -> None:
    experiment = small()
    networks = experiment.job().networks
    first = experiment.judged(networks)
    assert experiment.judged(networks) is first
    with torch.no_grad():
        networks[NAME].network.bias += 1
    assert experiment.judged(networks) is not first


def test_a_series_that_has_changed_is_judged_no_more_and_scaled_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = small().job().networks
    use_world(monkeypatch, world(level=30.0))
    changed = small()
    with pytest.raises(DataError, match="train anew"):
        changed.judged(networks)
    assert not changed.use_units_of(networks)  # done already
    rows = world().values[:420]
    assert changed.parts.scaler.mean.tolist() == pytest.approx(Scaler.fit(rows).mean.tolist(), rel=1e-6)


@pytest.mark.real_data
def test_on_etth1_the_start_at_ridge_is_the_known_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """7825, 2161 and 2161 windows; ridge on 96 → 720 is .470/.462, the smallest squared error of the baselines."""
    from genloom.recipes import recipe
    from genloom.recipes.forecaster_parts import make_series

    monkeypatch.setattr("genloom.recipes.build_forecaster.make_series", make_series)
    network = Network(kind="linear", normalise="last", start="ridge", dropout=0.0)
    experiment = ForecasterExperiment(replace(recipe("cyclenet-etth1"), network=network))
    assert [len(part) for part in experiment.parts[:3]] == [7825, 2161, 2161]
    found = experiment.judged(experiment.job().networks)
    assert (round(found.scaled.mse, 3), round(found.scaled.mae, 3)) == (0.47, 0.462)
    assert found.best == "ridge"
    assert found.beside["ridge"].mse == pytest.approx(found.scaled.mse, abs=1e-6)


@pytest.mark.real_data
@pytest.mark.parametrize(("lookback", "valid", "test"), [(96, 1.5575, 0.4415), (336, 1.4272, 0.4105)])
def test_on_etth1_the_closed_form_from_day_to_day_is_below_its_goals(
        monkeypatch: pytest.MonkeyPatch, lookback: int, valid: float, test: float) -> None:
    """Ridge has .470 with a lookback of 96, and the mean of the last 14 days .424."""
    from genloom.recipes import recipe
    from genloom.recipes.forecaster_parts import make_series
    from genloom.recipes.judge_forecaster import errors_on

    monkeypatch.setattr("genloom.recipes.build_forecaster.make_series", make_series)
    base = recipe("periodic-etth1")
    experiment = ForecasterExperiment(replace(base, window=replace(base.window, lookback=lookback)))
    networks = {NAME: experiment.network}
    assert errors_on(experiment, networks, experiment.parts.valid).mse == pytest.approx(valid, abs=2e-4)
    assert errors_on(experiment, networks, experiment.parts.test).mse == pytest.approx(test, abs=2e-4)
