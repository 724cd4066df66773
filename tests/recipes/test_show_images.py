"""A way of noising is shown as it is, and its sections have their figures."""

from pathlib import Path

import pytest
import torch
from images_small import small, trained

from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.process_images import PERCENT, forward
from genloom.recipes.show_images import percents, rows_of_way, shown


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> ImagesExperiment:
    return trained(tmp_path_factory.mktemp("runs") / "run", small())


def test_a_report_has_its_sections_and_their_figures(experiment: ImagesExperiment, tmp_path: Path) -> None:
    items = experiment.items({"denoiser": experiment.network.eval()}, tmp_path, {"recipe": "small"})
    assert [item.number for item in items] == ["1", "2", "3", "4", "5"]
    for item in items[1:]:
        assert item.figures
        for figure in item.figures:
            assert (tmp_path / figure.path).is_file()


def test_each_time_of_a_way_has_a_row_and_the_first_is_the_picture_itself(experiment: ImagesExperiment) -> None:
    way = forward(experiment, 3)
    rows = rows_of_way(experiment, way)
    assert ", ".join(rows) == percents(way) == "0 %, 25 %, 50 %, 75 %, 99 %"
    assert len(rows) == len(PERCENT)
    start = (8 + 1 - 8) // 2
    own = experiment.data.pictures[:3, :, start : start + 8, start : start + 8]
    assert torch.equal(rows["0 %"], own)


def test_only_what_is_shown_is_clamped(experiment: ImagesExperiment) -> None:
    assert shown(experiment, torch.full((1, 3, 8, 8), 9.0)).unique().tolist() == [255]
