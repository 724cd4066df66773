"""The report of a forecaster has every section, with numbers that are those of its judgement."""

import json
from pathlib import Path

import pytest
import torch
from forecaster_small import small, use_world

from genloom.recipes.build_forecaster import ForecasterExperiment
from genloom.recipes.forecaster import Network, Window
from genloom.recipes.show_forecaster import baselines_item, last_season, run_items, validation_item
from genloom.report.numbers import fixed


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch)


def run_of(tmp_path: Path) -> Path:
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps({"step": s, "loss": 1 / s}) + "\n" for s in (1, 2, 3)))
    rows = [{"step": 1, "validation MSE": 0.5}, {"step": 2, "validation MSE": 0.25}, {"step": 3, "validation MSE": 0.3}]
    (tmp_path / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


@pytest.mark.parametrize("head", ["point", "quantiles"])
def test_every_section_is_there_with_its_figures(head: str, tmp_path: Path) -> None:
    experiment, run = small(network=Network(kind="linear", head=head)), run_of(tmp_path)
    items = run_items(experiment, experiment.job().networks, run, {})
    assert [item.number for item in items] == ["1", "2", "3", "4", "5", "6"]
    assert all(item.status == "done" for item in items)
    for item in items:
        for figure in item.figures:
            assert (run / figure.path).is_file()
            assert figure.alt
            assert figure.caption


def test_a_transformer_shows_its_attention_too(tmp_path: Path) -> None:
    network = Network(kind="transformer", width=8, heads=2, hidden=8, layers=1)
    experiment, run = small(network=network), run_of(tmp_path)
    items = run_items(experiment, experiment.job().networks, run, {})
    assert [item.number for item in items] == [str(number) for number in range(1, 10)]
    assert [len(item.figures) for item in items[6:]] == [1, 3, 1]
    assert all((run / figure.path).is_file() for item in items for figure in item.figures)


def test_the_best_checkpoint_is_ringed_and_a_run_without_evaluations_says_so(tmp_path: Path) -> None:
    item = validation_item(run_of(tmp_path), tmp_path / "figures" / "validation.png", {})
    assert "after step 2 with 0.2500" in item.figures[0].caption
    rows = [{"step": s, "validation loss": 1 / s, "validation MSE": float(s)} for s in (1, 2, 3)]
    (tmp_path / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    decided = validation_item(tmp_path, tmp_path / "figures" / "validation.png", {}).figures[0].caption
    assert decided.startswith("The validation loss; the ring is the best checkpoint, after step 3")
    (tmp_path / "evaluations.jsonl").unlink()
    assert validation_item(tmp_path, tmp_path / "figures" / "validation.png", {}).status == "missing"


def judged_table(experiment: ForecasterExperiment) -> tuple[tuple[str, ...], ...]:
    return baselines_item(experiment, experiment.judged(experiment.job().networks)).tables[0].rows


def test_the_table_has_the_model_and_every_baseline_from_the_best_on() -> None:
    experiment = small()
    found, rows = experiment.judged(experiment.job().networks), judged_table(experiment)
    assert rows[0][:2] == ("this model", fixed(found.scaled.mse, 4))
    named = [row[0].partition(":")[0] for row in rows[1:]]
    assert named == sorted(found.beside, key=lambda name: found.beside[name].mse)
    for row, name in zip(rows[1:], named, strict=True):
        assert row[1] == fixed(found.beside[name].mse, 4)
        assert row[3].startswith(fixed(found.scaled.mse - found.beside[name].mse, 4))


def test_a_test_part_of_less_than_two_blocks_has_no_interval() -> None:
    experiment = small(window=Window(lookback=24, horizon=58, label=12))
    assert judged_table(experiment)[0][4] == "[−∞, ∞]"


def test_a_lookback_shorter_than_a_season_has_no_naive_forecast() -> None:
    assert last_season(small(window=Window(lookback=20, horizon=6, label=6)), torch.zeros(20, 2)) is None
    naive = last_season(small(), torch.arange(48.0)[:, None].expand(48, 2))
    assert naive[:, 0].tolist() == list(range(24, 36))
