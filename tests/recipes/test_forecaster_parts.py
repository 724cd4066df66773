"""From choices to parts: borders, scaled windows with the phase of a cycle, and every network."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from forecaster_small import CHANNELS, small_recipe, world, write_csv

from genloom.forecasting.forecaster import Forecaster
from genloom.forecasting.ridge import Ridge, Seen, fit_ridge
from genloom.recipes.forecaster import Data, ForecasterRecipe, Network, Window
from genloom.recipes.forecaster_parts import make_borders, make_forecaster, make_parts, make_series

SMALL = {"dropout": 0.0, "width": 8, "heads": 2, "hidden": 16, "layers": 1}


def made(recipe: ForecasterRecipe, **options: Any) -> Forecaster:
    series = world()
    return make_forecaster(recipe, make_parts(recipe, series, make_borders(recipe, series)), **options)


def test_a_file_of_ones_own_is_read_with_the_chosen_columns(tmp_path: Path) -> None:
    path = write_csv(world(), tmp_path / "my.csv")
    series = make_series(Data(csv=str(path), channels=("oil",)))
    assert series.channels == ("oil",)
    np.testing.assert_allclose(series.values[:, 0], world().values[:, 1])


def test_the_simulation_is_as_long_as_is_asked_for() -> None:
    series = make_series(Data(hours=200, channels=("OT", "HUFL")))
    assert (len(series), series.channels) == (200, ("OT", "HUFL"))


def test_rows_are_shared_out_by_what_is_known_of_the_data() -> None:
    simulated, own = make_series(Data()), world()
    assert make_borders(replace(small_recipe(), data=Data()), simulated).train == slice(0, 8640)
    assert make_borders(replace(small_recipe(), data=Data(hours=600)), own).train == slice(0, 420)
    assert make_borders(replace(small_recipe(), data=Data(csv="x.csv")), own).test == slice(480, 600)
    dates = Data(csv="x.csv", valid_from="2020-01-15", test_from="2020-01-20 00:00")
    assert make_borders(replace(small_recipe(), data=dates), own).valid == slice(14 * 24, 19 * 24)


def test_windows_are_scaled_by_the_training_rows_alone() -> None:
    recipe, series = small_recipe(), world()
    split = make_borders(recipe, series)
    parts = make_parts(recipe, series, split)
    rows = parts.train.values[split.train]
    torch.testing.assert_close(rows.mean(0), torch.zeros(2), rtol=0, atol=1e-5)
    torch.testing.assert_close(rows.std(0, correction=0), torch.ones(2), rtol=1e-5, atol=0)
    other = make_parts(recipe, series, split, parts.scaler)
    assert torch.equal(other.test.values, parts.test.values)


def test_a_cycle_adds_its_phase_which_agrees_in_all_parts() -> None:
    recipe = small_recipe(network=Network(kind="linear", cycle=24))
    series = world()
    parts = make_parts(recipe, series, make_borders(recipe, series))
    hour = parts.train.marks[:, -1]
    assert parts.train.marks.shape[1] == 5
    torch.testing.assert_close(hour[:24], torch.arange(24) / 23 - 0.5)
    assert torch.equal(hour[24:48], hour[:24])


@pytest.mark.parametrize("network", [
    {"kind": "transformer"}, {"kind": "transformer", "decoder": "autoregressive", "mask": "causal"},
    {"kind": "transformer", "attention": "performer"}, {"kind": "transformer", "attention": "strided"},
    {"kind": "transformer", "mask": "shuffled", "encoder_mask": "causal"}, {"kind": "transformer", "cycle": 24},
    {"kind": "patchtst"}, {"kind": "patchtst", "norm": "layer", "cycle": 168}, {"kind": "itransformer"},
    {"kind": "linear", "each": True}, {"kind": "periodic", "cycle": 24, "normalise": "mean"},
    {"kind": "dlinear", "normalise": "instance", "affine": True},
])
@pytest.mark.parametrize("head", ["point", "quantiles", "gaussian", "student"])
def test_every_network_forecasts_with_every_head(network: dict[str, Any], head: str) -> None:
    recipe = small_recipe(network=Network(**{**SMALL, **network, "head": head}))
    series = world()
    parts = make_parts(recipe, series, make_borders(recipe, series))
    model = make_forecaster(recipe, parts).eval()
    batch = parts.test.batch(torch.arange(3))
    told = (batch["x"], batch["x_marks"], batch["y_marks"])
    with torch.no_grad():
        whole = model(*told)
        alone = model(*(each[1:2] for each in told))
    assert whole.shape[:3] == (3, recipe.window.horizon, len(CHANNELS))
    assert whole.isfinite().all()
    torch.testing.assert_close(alone, whole[1:2], rtol=1e-4, atol=1e-4)


def test_the_seed_decides_the_weights_and_leaves_the_global_generator_alone() -> None:
    def weights(seed: int) -> torch.Tensor:
        recipe = small_recipe(network=Network(**SMALL))
        recipe = replace(recipe, engine=replace(recipe.engine, seed=seed))
        return torch.cat([p.flatten() for p in made(recipe).parameters()])

    state = torch.random.get_rng_state()
    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_start_at_ridge_forecasts_as_ridge_does() -> None:
    recipe, series = small_recipe(network=Network(kind="linear", normalise="last", start="ridge")), world()
    parts = make_parts(recipe, series, make_borders(recipe, series))
    ridge: Ridge = fit_ridge(parts.train, parts.valid)
    model, batch = make_forecaster(recipe, parts, lambda seen: ridge).eval(), parts.test.batch(torch.arange(4))
    found = model(batch["x"], batch["x_marks"], batch["y_marks"])
    torch.testing.assert_close(found, ridge(batch["x"]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["linear", "periodic"])
@pytest.mark.parametrize("constants", [True, False])
def test_a_start_in_closed_form_is_best_for_what_the_network_sees(kind: str, constants: bool) -> None:
    """No step of descent from it lowers the training error by more than its penalty explains."""
    network = Network(kind=kind, normalise="mean", cycle=24, cycle_start="profile", start="ridge", dropout=0.0,
                      constants=constants)
    recipe, series = small_recipe(network=network, window=Window(lookback=48, horizon=24, label=12)), world()
    parts = make_parts(recipe, series, make_borders(recipe, series))
    penalties = []

    def fit(seen: Seen) -> Ridge:
        found = fit_ridge(parts.train, parts.valid, [1e-7], seen, constants=constants)
        penalties.append(found)
        return found

    model = make_forecaster(recipe, parts, fit).double()
    batch = {name: each.double() for name, each in parts.train.batch(torch.arange(len(parts.train))).items()}
    loss = (model(batch["x"], batch["x_marks"], batch["y_marks"]) - batch["y"]).square().mean()
    (slope,) = torch.autograd.grad(loss, model.network.weight)
    assert float(slope.abs().max()) < 1e-3 * loss.item() + 1e-4
    valid = {name: each.double() for name, each in parts.valid.batch(torch.arange(len(parts.valid))).items()}
    error = (model(valid["x"], valid["x_marks"], valid["y_marks"]) - valid["y"]).square().mean()
    assert penalties[0].error == pytest.approx(error.item(), rel=1e-4)


def test_a_blend_has_the_least_validation_error_among_weights() -> None:
    network = Network(kind="linear", normalise="mean", cycle=24, cycle_start="profile", start="ridge", blend=True)
    recipe, series = small_recipe(network=network), world()
    parts = make_parts(recipe, series, make_borders(recipe, series))
    model = make_forecaster(recipe, parts, lambda seen: fit_ridge(parts.train, parts.valid, [1.0], seen)).eval()
    assert model.blend is not None
    best = float(model.blend.weight)
    batch = parts.valid.batch(torch.arange(len(parts.valid)))

    def error(weight: float) -> float:
        model.blend.weight.fill_(weight)
        return (model(batch["x"], batch["x_marks"], batch["y_marks"]) - batch["y"]).square().mean().item()

    assert error(best) <= min(error(0.0), error(1.0)) + 1e-7


def test_the_units_of_the_training_go_with_the_weights() -> None:
    model, series = made(small_recipe()), world()
    rows = torch.from_numpy(series.values[:420])
    expected = torch.stack((rows.mean(0), rows.std(0, correction=0))).float()
    torch.testing.assert_close(model.state_dict()["units"], expected)
