"""Files and pictures of a completing network."""

import json
from pathlib import Path

import pytest
from inpainting_small import built

from genloom.recipes.show_inpainting import KINDS, run_items, shown, write_sheet
from genloom.report.provenance import read_provenance


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_a_runs_items_have_their_figures(tmp_path: Path, weight: float) -> None:
    experiment = built(weight)
    rows = [{"step": k, "loss": 1 / k, "loss/discriminator": 1.3, "squared_error": 1 / k, "real_told": 0.6,
             "fake_told": 0.4} for k in range(1, 5)]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    items = run_items(experiment, experiment.networks, tmp_path, {"recipe": "x"})
    assert [item.number for item in items] == ["1", "2"]
    assert all(item.status == "done" for item in items)
    figures = [figure for item in items for figure in item.figures]
    assert len(figures) == 1 + len(KINDS)
    for figure in figures:
        assert figure.caption
        assert figure.alt
        assert read_provenance(tmp_path / figure.path)["recipe"] == "x"


def test_a_sheet_has_three_rows_for_every_eight_pictures(tmp_path: Path) -> None:
    from PIL import Image

    experiment, heights = built(), []
    for count in (8, 9):
        path = write_sheet(experiment, experiment.networks, experiment.questions(count), tmp_path / f"{count}.png", {})
        with Image.open(path) as picture:
            heights.append(picture.height)
    assert (heights[0] + 2) * 2 == heights[1] + 2


def test_hidden_pixels_are_shown_grey() -> None:
    asked = built().questions(4)
    hidden = (asked.mask == 0).expand_as(asked.x)
    assert (shown(asked)[hidden] == 128).all()
