from pathlib import Path

import numpy as np
import pytest
import torch

from genloom.data.patterns.file import file
from genloom.errors import DataError, InputError


@pytest.fixture
def labelled(tmp_path: Path) -> str:
    path = tmp_path / "own.csv"
    path.write_text("x,y,class\n" + "".join(f"{i / 10},{-i / 5},{'ab'[i % 2]}\n" for i in range(20)))
    return str(path)


def test_a_part_is_drawn_without_repetition_and_keeps_its_labels(labelled: str) -> None:
    drawn = file(8, 0, path=labelled, classes=2)
    assert drawn.points.shape == (8, 2)
    assert len(drawn.points.unique(dim=0)) == 8
    row = (drawn.points[:, 0] * 10).round().long()
    assert torch.equal(drawn.labels, row % 2)
    assert drawn.class_names == ("a", "b")
    assert "8 of the 20 points of own.csv" in drawn.description


def test_all_rows_are_given_where_more_are_asked_for(labelled: str) -> None:
    drawn = file(1000, 0, path=labelled)
    assert len(drawn.points) == 20
    assert drawn.labels is None
    assert drawn.density is None


def test_the_seed_decides_the_part(labelled: str) -> None:
    assert torch.equal(file(8, 1, path=labelled).points, file(8, 1, path=labelled).points)
    assert not torch.equal(file(8, 1, path=labelled).points, file(8, 2, path=labelled).points)


def test_another_number_of_classes_than_the_files_is_refused(labelled: str) -> None:
    with pytest.raises(InputError, match="0 or 2"):
        file(8, 0, path=labelled, classes=5)


@pytest.mark.parametrize("path", ["", "points.xlsx", "points"])
def test_a_path_without_a_known_ending_is_refused(path: str) -> None:
    with pytest.raises(InputError, match=r"data\.path"):
        file(8, 0, path=path)


@pytest.mark.parametrize(("factor", "shown"), [(1000.0, "column x"), (1e-4, "column x"), (0.0, "column x")])
def test_points_far_from_unit_scale_are_refused_with_the_remedy(tmp_path: Path, factor: float, shown: str) -> None:
    np.save(tmp_path / "own.npy", np.random.default_rng(0).normal(size=(50, 2)) * factor)
    with pytest.raises(DataError, match=rf"{shown} has standard deviation.*scale the points"):
        file(8, 0, path=str(tmp_path / "own.npy"))


def test_one_point_is_too_few(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("1,2\n")
    with pytest.raises(DataError, match="at least 2"):
        file(8, 0, path=str(tmp_path / "own.csv"))
