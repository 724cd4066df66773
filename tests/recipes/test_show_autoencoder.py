"""Files and pictures of an autoencoder."""

from pathlib import Path

import numpy as np
import torch
from autoencoder_small import small
from PIL import Image

from genloom.data.images.augment import to_pictures
from genloom.recipes.judge_autoencoder import Latents
from genloom.recipes.show_autoencoder import latents_table, run_items, write_sheet
from genloom.report.grids import grid
from genloom.report.provenance import read_provenance


def test_a_runs_items_have_their_figures(tmp_path: Path) -> None:
    experiment = small()
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 1.0}\n{"step": 2, "loss": 0.9}\n')
    items = run_items(experiment, experiment.job().networks, tmp_path, {"recipe": "kl-autoencoder", "command": "c"})
    assert [item.title for item in items] == ["Training", "Reconstructions", "Latents", "Between two pictures",
                                              "Decoded noise"]
    for item in items:
        for figure in item.figures:
            assert figure.alt
            assert figure.caption
            assert read_provenance(tmp_path / figure.path)["command"] == "c"
    assert len(items[2].tables[0].rows) == 4


def test_a_sheet_has_each_picture_above_its_reconstruction(tmp_path: Path) -> None:
    experiment = small()
    networks = experiment.job().networks
    path = write_sheet(experiment, networks, 10, tmp_path / "a.png", {})
    x = experiment.judged(10)
    shown = torch.full((32, 3, 16, 16), 255, dtype=torch.uint8)
    shown[0:8], shown[16:18] = to_pictures(x[:8]), to_pictures(x[8:])
    seen = to_pictures(experiment.reconstruct(networks, x))
    shown[8:16], shown[24:26] = seen[:8], seen[8:]
    with Image.open(path) as image:
        assert (np.asarray(image) == grid(shown, 8)).all()


def test_the_table_has_a_row_for_each_channel() -> None:
    numbers = torch.tensor([1.0, 2.0], dtype=torch.float64)
    correlation = torch.tensor([[1.0, -0.25], [-0.25, 1.0]], dtype=torch.float64)
    table = latents_table(Latents(numbers, numbers / 10, numbers / 2, correlation))
    assert table.rows == (("1", "1.0", "0.100", "0.500", "0.250"), ("2", "2.0", "0.200", "1.000", "0.250"))
