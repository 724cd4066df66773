"""Files and pictures of a GAN of points."""

from dataclasses import replace
from pathlib import Path

import torch
from gan_points_small import small_gan, small_told_gan

from genloom.recipes.gans import Latent
from genloom.recipes.show_gan_points import lattice, run_items
from genloom.report.provenance import read_provenance

_ROW = '{"step": %d, "game/discriminator": 1.3, "game/generator": 0.7, "told_apart": 0.6}\n'


def _titles(experiment: object, folder: Path) -> list[str]:
    (folder / "metrics.jsonl").write_text("".join(_ROW % step for step in (1, 2, 3)))
    items = run_items(experiment, experiment.networks, folder, {"recipe": "gan-grid", "command": "c"})
    for item in items:
        for figure in item.figures:
            assert figure.alt
            assert read_provenance(folder / figure.path)["command"] == "c"
    return [item.title for item in items]


def test_a_runs_items_have_their_figures(tmp_path: Path) -> None:
    assert _titles(small_gan(), tmp_path) == ["Training", "Samples", "What the discriminator says of the plane",
                                              "Where the noise goes"]


def test_what_has_no_place_is_left_out(tmp_path: Path) -> None:
    """A discriminator that is told classes has no one map; noise of more than two coordinates no lattice."""
    assert _titles(small_told_gan(), tmp_path) == ["Training", "Samples"]
    assert _titles(small_gan(latent=Latent(size=3)), tmp_path)[-1] == "What the discriminator says of the plane"


def test_other_games_show_the_output_itself(tmp_path: Path) -> None:
    experiment = small_gan()
    hinge = small_gan(loss=replace(experiment.recipe.loss, adversarial="hinge"))
    assert len(_titles(hinge, tmp_path)) == 4


def test_a_lattice_has_lines_in_both_directions() -> None:
    lines = lattice(2.0)
    assert lines.shape == (42, 200, 2)
    assert torch.equal(lines[:21, :, 0].std(1), torch.zeros(21))
    assert torch.equal(lines[21:, :, 1].std(1), torch.zeros(21))
    assert lines.abs().max() == 2
