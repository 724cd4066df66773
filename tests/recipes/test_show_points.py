"""Files and pictures of a points model."""

from pathlib import Path

import torch
from points_small import small, small_classes

from genloom.recipes.show_points import run_items, view, write_samples
from genloom.report.provenance import read_provenance


def test_samples_are_a_table_and_a_picture_that_knows_where_it_is_from(tmp_path: Path) -> None:
    experiment = small_classes()
    points, labels = torch.tensor([[0.5, -0.25]]), torch.tensor([3])
    table, picture = write_samples(experiment, points, labels, tmp_path / "new", {"recipe": "x", "seed": "1"})
    assert table.read_text() == "x,y,class\n0.5,-0.25,3\n"
    assert read_provenance(picture)["recipe"] == "x"


def test_a_runs_items_have_their_figures(tmp_path: Path) -> None:
    experiment = small()
    items = run_items(experiment, experiment.job().networks, tmp_path, tmp_path / "figures")
    assert [item.title for item in items] == ["Samples", "From noise to data", "The loss at each time"]
    for item in items:
        for figure in item.figures:
            assert (tmp_path / figure.path).is_file()
            assert figure.alt


def test_the_view_holds_all_points() -> None:
    experiment = small()
    low, high = view(experiment)
    assert (experiment.data.points > torch.tensor(low)).all()
    assert (experiment.data.points < torch.tensor(high)).all()
