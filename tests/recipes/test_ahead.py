"""What comes next: in the series' own unit, at the right times, covered as often as is said, and written whole."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from forecaster_small import ROWS, small, use_world, world
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.recipes.ahead import ahead, conformal, write
from genloom.recipes.build_forecaster import NAME, ForecasterExperiment
from genloom.recipes.forecaster import Network
from genloom.report.provenance import read_provenance

RIDGE = Network(kind="linear", normalise="last", start="ridge", dropout=0.0)


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch)


def networks_of(experiment: ForecasterExperiment) -> dict[str, nn.Module]:
    return dict(experiment.job().networks)


def test_it_begins_after_the_last_row_and_goes_on_as_the_series_would() -> None:
    experiment = small(network=RIDGE)
    found = ahead(experiment, networks_of(experiment))
    longer = world(ROWS + 12, noise=0.0)
    assert found.times.tolist() == longer.times[ROWS:].tolist()
    assert found.before.tolist() == longer.times[ROWS - 48 : ROWS].tolist()
    assert np.abs(found.point - longer.values[ROWS:]).max() < 0.5
    assert np.isnan(found.truth).all()
    np.testing.assert_allclose(found.naive, experiment.series.values[ROWS - 24 : ROWS - 12], atol=1e-5)
    assert (found.low < found.point).all()
    assert (found.point < found.high).all()


def test_from_a_time_on_it_stands_beside_what_came() -> None:
    experiment = small(network=RIDGE)
    found = ahead(experiment, networks_of(experiment), "2020-01-24 06:00")
    row = 23 * 24 + 6
    assert str(found.times[0]) == "2020-01-24T06:00:00"
    np.testing.assert_array_equal(found.truth, experiment.series.values[row : row + 12])
    near = ahead(experiment, networks_of(experiment), str(experiment.series.times[-3]))
    assert np.isnan(near.truth).sum() == 2 * 9


@pytest.mark.parametrize("start", ["2020-01-02", "2021-01-01", "soon", "2020-13-01"])
def test_times_that_cannot_be_are_refused_with_those_that_can(start: str) -> None:
    experiment = small()
    with pytest.raises(InputError, match="from 2020-01-03T00:00:00 to 2020-01-26T00:00:00"):
        ahead(experiment, networks_of(experiment), start)


class Noisy(nn.Module):
    """Always 0; the truth of an independent series is then its own error."""

    def __init__(self) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, *marks: Tensor) -> Tensor:
        return x.new_zeros(len(x), 12, x.shape[2])


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_intervals_from_validation_hold_as_often_on_the_test(level: float, monkeypatch: pytest.MonkeyPatch) -> None:
    series = world(20_000)
    noise = np.random.default_rng(1).standard_normal(series.values.shape)
    use_world(monkeypatch, replace(series, values=noise, digest=""))
    experiment = small()
    half, count = conformal(experiment, {NAME: Noisy()}, level)
    assert (half.shape, count) == ((12, 2), 1989)
    truths = torch.cat([batch["y"] for batch in experiment.parts.test.batches(1000)])
    inside = (truths.abs() <= half).double().mean().item()
    # 2 · 2,000 values of validation, which all steps share, and 2 · 4,000 of the test: a spread of at most .01
    assert inside == pytest.approx(level, abs=0.03)


def test_a_level_that_so_few_windows_cannot_show_is_refused() -> None:
    experiment = small()
    with pytest.raises(InputError, match=r"at most 0\.98"):
        conformal(experiment, networks_of(experiment), 0.999)
    with pytest.raises(InputError, match="--level"):
        ahead(experiment, networks_of(experiment), level=1.0)


@pytest.mark.parametrize(("head", "how"), [("quantiles", "own quantiles at 0.05 and 0.95"), ("gaussian", "gaussian"),
                                           ("student", "student")])
def test_a_head_with_quantiles_gives_its_own_interval(head: str, how: str) -> None:
    experiment = small(network=replace(RIDGE, start="own", head=head))
    found = ahead(experiment, networks_of(experiment), level=0.9)
    assert how in found.how
    assert (found.low < found.high).all()


def test_a_cycle_goes_on_behind_the_end() -> None:
    experiment = small(network=Network(kind="linear", cycle=24))
    network = experiment.network
    with torch.no_grad():
        network.network.weight.zero_()
        network.cycle.values[:] = torch.arange(24.0)[:, None]
    found = ahead(experiment, {NAME: network})
    scaled = experiment.parts.scaler.apply(found.point)
    np.testing.assert_allclose(scaled[:, 0], (np.arange(ROWS, ROWS + 12) + 48) % 24, atol=1e-4)  # a Wednesday


def test_a_longer_file_is_forecast_in_the_units_of_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    longer = world(ROWS + 300)
    shorter = replace(longer, values=longer.values[:ROWS], times=longer.times[:ROWS], digest="")
    use_world(monkeypatch, shorter)
    experiment = small(network=RIDGE)
    networks = networks_of(experiment)
    before = ahead(experiment, networks, "2020-01-24")
    use_world(monkeypatch, longer)
    again = small(network=RIDGE)
    assert not np.allclose(again.parts.scaler.mean, experiment.parts.scaler.mean, rtol=1e-5)
    np.testing.assert_allclose(ahead(again, networks, "2020-01-24").point, before.point, rtol=1e-4, atol=1e-4)


def test_files_hold_the_same_numbers(tmp_path: Path) -> None:
    experiment = small(network=RIDGE)
    found = ahead(experiment, networks_of(experiment), "2020-01-24")
    table, document, picture = write(found, tmp_path / "out", {"recipe": "forecaster"})
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert list(rows[0]) == ["time", "load", "load_low", "load_high", "load_naive", "oil", "oil_low", "oil_high",
                             "oil_naive"]
    assert rows[0]["time"] == "2020-01-24 00:00:00"
    np.testing.assert_allclose([float(row["oil"]) for row in rows], found.point[:, 1], rtol=1e-9)
    told = json.loads(document.read_text())
    assert told["channels"]["load"]["low"] == found.low[:, 0].tolist()
    assert told["channels"]["load"]["truth"] == found.truth[:, 0].tolist()
    assert read_provenance(picture)["recipe"] == "forecaster"


def test_no_interval_is_wider_than_the_outermost_quantiles() -> None:
    narrow = small(network=replace(RIDGE, start="own", head="quantiles", levels=(0.1, 0.5, 0.95)))
    with pytest.raises(InputError, match=r"at most 0\.8, since the model's outermost quantiles are those at 0\.1 and"):
        ahead(narrow, networks_of(narrow), level=0.9)
    found = ahead(narrow, networks_of(narrow))  # the recipe's 0.9 is beyond them, and was not asked for here
    assert found.level == 0.8
    assert "own quantiles at 0.1 and 0.9" in found.how


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("start", ["2020-01-24T06:00:00Z", "2020-01-24T06:00:00+02:00", "now", "NaT"])
def test_a_start_has_no_zone_and_is_written_out(start: str) -> None:
    experiment = small()
    with pytest.raises(InputError, match="without a zone"):
        ahead(experiment, networks_of(experiment), start)


def test_channels_that_are_called_like_ends_of_others_keep_their_columns(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series = world()
    use_world(monkeypatch, replace(series, channels=("load", "load_low"), digest=""))
    experiment = small(network=RIDGE)
    found = ahead(experiment, networks_of(experiment))
    rows = list(csv.DictReader(write(found, tmp_path, {})[0].read_text().splitlines()))
    assert list(rows[0]) == ["time", "load", "load__low", "load__high", "load__naive", "load_low", "load_low__low",
                             "load_low__high", "load_low__naive"]
    assert float(rows[0]["load_low"]) == pytest.approx(found.point[0, 1], rel=1e-9)
    use_world(monkeypatch, replace(series, channels=("time", "b"), digest=""))
    experiment = small(network=RIDGE)
    table = write(ahead(experiment, networks_of(experiment)), tmp_path / "two", {})[0]
    assert next(csv.reader(table.read_text().splitlines()))[:2] == ["date", "time"]
