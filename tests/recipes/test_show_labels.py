"""Grids show every picture with its labels, and mark what a judge does not find, and nothing else."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from gans_small import small as small_gan
from images_small import small as small_images
from labels_small import SCENES, Reader, Writer, evaluator_run, some_sets, written
from PIL import Image

from genloom.data.images.labelsets import NAMES
from genloom.recipes import show_labels as module
from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.gans import Evaluation as GanEvaluation
from genloom.recipes.gans import Network as GanNetwork
from genloom.recipes.images import Evaluation, Network, Sampling
from genloom.recipes.label_lists import drawn_lists, judged
from genloom.recipes.show_labels import (
    accuracy_table,
    labels_canvas,
    labels_figure,
    labels_item,
    lists_figures,
    save_plain,
    write_labelled,
)
from genloom.report.provenance import read_provenance


def words(canvas) -> list[str]:
    return [text.get_text() for text in canvas.axes[0].texts]


def frames(canvas) -> int:
    return len(canvas.axes[0].patches)


def test_every_picture_has_its_labels_under_it() -> None:
    sets = some_sets(13)
    canvas = labels_canvas(written(sets), sets, NAMES)
    asked = [NAMES[k] for row in sets for k in row.nonzero()[:, 0].tolist()]
    assert words(canvas) == asked
    assert frames(canvas) == 0
    assert len(canvas.axes[0].images) == 13


def test_only_what_is_not_found_is_marked() -> None:
    sets = some_sets(5)
    said = sets.bool()
    missed = int(sets[3].argmax())
    said[3, missed] = False
    canvas = labels_canvas(written(sets), sets, NAMES, said)
    assert frames(canvas) == 1
    assert [word for word in words(canvas) if word.startswith("✗")] == [f"✗ {NAMES[missed]}"]


def test_nothing_is_drawn_beyond_the_paper() -> None:
    sets = torch.zeros(9, 24, dtype=torch.uint8)
    sets[:, [13, 21, 23]] = 1  # the longest names
    canvas = labels_canvas(written(sets), sets, NAMES, torch.zeros(9, 24, dtype=torch.bool))
    canvas.draw_without_rendering()
    paper = canvas.bbox
    boxes = [text.get_window_extent() for text in canvas.axes[0].texts]
    assert all(box.x0 >= paper.x0 and box.x1 <= paper.x1 and box.y0 >= paper.y0 for box in boxes)
    row = sorted((box for box in boxes[: 8 * 3 : 3]), key=lambda box: box.x0)
    assert all(left.x1 <= right.x0 for left, right in pairwise(row))


def test_names_without_a_colour_are_words_alone() -> None:
    sets = torch.eye(2, dtype=torch.uint8)
    assert words(labels_canvas(written(sets), sets, ("cat", "dog"))) == ["cat", "dog"]


def test_the_plain_grid_is_the_course_s_layout(tmp_path: Path) -> None:
    pictures = torch.randint(256, (32, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with Image.open(save_plain(pictures, tmp_path / "a.png", {"recipe": "r"})) as image:
        assert image.size == (8 * 66 - 2, 4 * 66 - 2)
        assert image.getpixel((66, 0)) == tuple(pictures[1, :, 0, 0].tolist())
        assert image.getpixel((0, 66)) == tuple(pictures[8, :, 0, 0].tolist())


def test_a_caption_says_how_many_were_found(tmp_path: Path) -> None:
    sets = torch.eye(24, dtype=torch.uint8)[:4]
    said = sets.bool()
    said[0] = False
    figure = labels_figure(written(sets), sets, NAMES, tmp_path / "a.png", {}, caption="Four.", said=said)
    assert "3 of the 4 labels" in figure.caption
    assert "Nobody judged" in labels_figure(written(sets), sets, NAMES, tmp_path / "b.png", {}, caption="Four.").caption


def test_a_list_has_two_figures_and_a_row_of_the_table(tmp_path: Path) -> None:
    found = judged(drawn_lists(Writer(wrong=(0,)), {}, (0, 1)), Reader())  # type: ignore[arg-type]
    figures = lists_figures(found, "test", lambda stem: tmp_path / "figures" / f"{stem}.png", {"recipe": "r"}, tmp_path)
    assert [figure.path for figure in figures] == ["figures/test-labels.png", "figures/test.png"]
    assert read_provenance(tmp_path / figures[0].path)["recipe"] == "r"
    table = accuracy_table(found)
    assert [row[0] for row in table.rows] == ["test", "new_test"]
    assert table.rows[1][1].startswith("1.000 [")
    assert all(len(row) == len(table.header) for row in table.rows)
    assert table.rows[1][2] == "—", "no set of one label is in the second list"


def test_samples_are_marked_by_a_judge_that_did_not_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sets, judge, writer = some_sets(40), Reader(), Writer()
    monkeypatch.setattr(module, "judge_of", lambda experiment: judge)
    paths = write_labelled(writer, written(sets), sets, tmp_path, {"recipe": "r"})  # type: ignore[arg-type]
    assert [path.name for path in paths] == ["samples.png", "samples.zip", "labels.png"]
    told = read_provenance(tmp_path / "labels.png")
    assert (told["recipe"], told["judge"]) == ("r", f"runs/reader, sha256 {judge.digest}")
    write_labelled(writer, written(sets), sets, tmp_path, {}, guide=Reader())  # type: ignore[arg-type]
    assert "nobody: " in read_provenance(tmp_path / "labels.png")["judge"]
    monkeypatch.setattr(module, "judge_of", lambda experiment: None)
    write_labelled(writer, written(sets), sets, tmp_path, {})  # type: ignore[arg-type]
    assert "nobody: no evaluator" in read_provenance(tmp_path / "labels.png")["judge"]


def test_a_report_shows_both_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genloom.recipes.judge_images.linear_denoiser", lambda experiment: None)  # takes its time
    evaluation = Evaluation(samples=12, features="pixels", label_seeds=1, judge=str(evaluator_run(tmp_path / "judge")))
    network = Network(width=8, multipliers=(1, 2), blocks=1, attention=(8,), heads=2, conditioning="labels")
    experiment = ImagesExperiment(small_images(data=SCENES, network=network, evaluation=evaluation,
                                               sampling=Sampling(sampler="ddim", steps=4)))
    networks = {"denoiser": experiment.network.eval()}
    (tmp_path / "run").mkdir()
    item = experiment.items(networks, tmp_path / "run", {"recipe": "r"})[-1]
    assert (item.number, item.title) == ("6", "What was asked for")
    assert [Path(figure.path).stem for figure in item.figures] == ["test-labels", "test", "new_test-labels", "new_test",
                                                                   "confusion"]
    assert all((tmp_path / "run" / figure.path).is_file() for figure in item.figures)
    assert "generated pictures" in item.figures[-1].caption
    assert [row[0] for row in item.tables[0].rows] == ["test", "new_test"]


def test_a_report_says_that_nobody_can_judge(tmp_path: Path) -> None:
    network = GanNetwork(kind="dcgan", width=4, told="concatenate", judging="projection")
    experiment = GanExperiment(small_gan(data=replace(SCENES, size=32), network=network,
                                     evaluation=GanEvaluation(samples=12, quick=12, features="pixels")))
    item = labels_item(experiment, experiment.networks, tmp_path, {}, "3")
    assert item is not None
    assert "--evaluation.judge" in item.text[0]
    assert labels_item(Writer(classes=0), {}, tmp_path, {}, "3") is None
