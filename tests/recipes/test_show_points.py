"""Files and pictures of a points model."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from points_small import small, small_classes

from genloom.recipes.process import Diffusion
from genloom.recipes.show_points import least_loss, run_items, view, write_samples
from genloom.report.provenance import read_provenance


def test_samples_are_a_table_and_a_picture_that_knows_where_it_is_from(tmp_path: Path) -> None:
    experiment = small_classes()
    points, labels = torch.tensor([[0.5, -0.25]]), torch.tensor([3])
    table, picture = write_samples(experiment, points, labels, tmp_path / "new", {"recipe": "x", "seed": "1"})
    assert table.read_text() == "x,y,class\n0.5,-0.25,3\n"
    assert read_provenance(picture)["recipe"] == "x"


def test_a_runs_items_have_their_figures(tmp_path: Path) -> None:
    experiment = small()
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 1.0}\n{"step": 2, "loss": 0.9}\n')
    items = run_items(experiment, experiment.job().networks, tmp_path, {"recipe": "ve-square", "command": "c"})
    assert [item.title for item in items] == ["Training", "Samples", "From noise to data", "The loss at each time"]
    assert "beside the Bayes optimum" in items[0].figures[0].caption
    for item in items:
        for figure in item.figures:
            assert (tmp_path / figure.path).is_file()
            assert figure.alt
            assert read_provenance(tmp_path / figure.path)["command"] == "c"


def test_the_view_holds_all_points() -> None:
    experiment = small()
    low, high = view(experiment)
    assert (experiment.data.points > torch.tensor(low)).all()
    assert (experiment.data.points < torch.tensor(high)).all()


def test_the_least_loss_is_the_bayes_optimum_where_the_loss_is_one_of_noise() -> None:
    many = replace(small().recipe.evaluation, loss_points=50_000)
    assert least_loss(small(evaluation=many)) == pytest.approx(0.82732, abs=0.0005)
    assert least_loss(small(diffusion=Diffusion(weight="simple"))) == least_loss(small())
    assert least_loss(small(diffusion=Diffusion(weight="min-snr"))) is None
    assert least_loss(small(diffusion=Diffusion(distance="huber"))) is None
    hidden, told = (least_loss(small(small_classes().recipe, diffusion=Diffusion(label_dropout=p))) for p in (0.5, 0.0))
    assert told < hidden
    assert least_loss(small(diffusion=Diffusion(times="lognormal"))) is None
