import json
from pathlib import Path

import pytest
import torch
from gpt_small import small, text_file

from genloom.nn.token_loss import log_probs
from genloom.recipes.build_gpt import NAME, GptExperiment
from genloom.recipes.gpt import Evaluation
from genloom.recipes.judge_gpt import QUICK, Judged
from genloom.recipes.show_gpt import _block, _costs, by_place, losses_item, run_items, texts_item
from genloom.report.provenance import read_provenance


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    experiment: GptExperiment = small(text_file(tmp_path))
    return Judged(experiment, {NAME: experiment.network.eval()})


def rows(path: Path, valid: list[float]) -> Path:
    run = path / "run"
    run.mkdir()
    train = [{"step": 5 * k, "loss": 5.0 / k} for k in range(1, 4 * len(valid) + 1)]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in train))
    marked = [{"step": 20 * (k + 1), QUICK: value} for k, value in enumerate(valid)]
    (run / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in marked))
    return run


def test_every_section_has_a_figure_or_text(judged: Judged, tmp_path: Path) -> None:
    run = rows(tmp_path, [3.0, 2.0, 2.5])
    items = run_items(judged.experiment, judged.networks, run, {"recipe": "small"})
    assert [item.number for item in items] == ["1", "2", "3", "4"]
    for item in items:
        assert item.status == "done"
        assert item.figures or item.text
        for figure in item.figures:
            assert figure.alt
            assert figure.caption
            assert read_provenance(run / figure.path)["recipe"] == "small"


def test_it_says_where_memorising_starts(tmp_path: Path) -> None:
    item = losses_item(rows(tmp_path, [3.0, 2.0, 2.5, 2.9]), {})
    assert "lowest, 2.0000 nats per token at step 40" in item.text[0]
    assert "it went to 2.9000 while the training loss went from" in item.text[0]


def test_it_says_where_nothing_is_memorised_yet(tmp_path: Path) -> None:
    item = losses_item(rows(tmp_path, [3.0, 2.5, 2.0]), {})
    assert "fell to the end, 2.0000 nats per token at step 60" in item.text[0]


def test_a_run_with_one_evaluation_has_its_training_loss(tmp_path: Path) -> None:
    assert losses_item(rows(tmp_path, [3.0]), {}).title == "Training"


def test_the_mean_over_places_is_the_loss(judged: Judged) -> None:
    places = by_place(judged)
    assert places[0][0] == 1
    assert [place for place, _ in places] == sorted(place for place, _ in places)
    total, count = torch.zeros(12, dtype=torch.float64), torch.zeros(12)
    for x, y, counted in judged.experiment.fixed(judged.experiment.test):
        found = log_probs(judged.experiment.network(x).detach(), y)
        total -= torch.where(counted, found, 0.0).double().sum(0)
        count += counted.sum(0)
    assert places[0][1] == pytest.approx((total[0] / count[0]).item(), rel=1e-6)
    assert (total.sum() / count.sum()).item() == pytest.approx(judged.test.loss, rel=1e-5)


def test_text_is_shown_as_it_is_without_what_a_page_would_hide() -> None:
    assert _block("\na cat\n\nand\x1b[31m\n") == "    a cat\n    and�[31m"


def test_products_of_a_token_are_its_parameters_and_what_it_looks_at(judged: Judged) -> None:
    table = _costs(judged.experiment)
    count = judged.experiment.network.parameters_count
    assert table.rows[0][1].replace("\u202f", "") == str(count + 2 * 2 * 64 * 16)


def test_where_no_text_was_written_that_is_said(tmp_path: Path) -> None:
    experiment = small(text_file(tmp_path), evaluation=Evaluation(order=0, texts=0))
    (said,) = texts_item(Judged(experiment, {NAME: experiment.network})).text
    assert said.startswith("No text was written")
