import subprocess
import sys
from pathlib import Path

import pytest
import torch

from genloom.data.points import PATTERNS, points
from genloom.errors import InputError, UnknownName

DRAWN = [name for name in PATTERNS if name != "file"]


def most_classes(name: str) -> int:
    return PATTERNS[name].classes or len("CS446")


@pytest.mark.parametrize("name", DRAWN)
def test_points_are_a_function_of_count_and_seed(name: str) -> None:
    first, again, other = points(name, 500, 3), points(name, 500, 3), points(name, 500, 4)
    assert torch.equal(first.points, again.points)
    assert not torch.equal(first.points, other.points)


@pytest.mark.parametrize("name", DRAWN)
def test_points_are_finite_float32_of_unit_scale_and_described(name: str) -> None:
    drawn = points(name, 2000, 0)
    assert drawn.points.shape == (2000, 2)
    assert drawn.points.dtype == torch.float32
    assert drawn.points.abs().max() < 1.3
    assert drawn.points.std(dim=0).min() > 0.1
    assert drawn.points.mean(dim=0).abs().max() < 0.1
    assert drawn.name == name
    assert drawn.description
    assert drawn.labels is None
    assert drawn.classes == 0


@pytest.mark.parametrize("name", DRAWN)
def test_labels_change_no_point_and_every_class_occurs(name: str) -> None:
    plain = points(name, 2000, 0)
    for classes in range(2, most_classes(name) + 1):
        drawn = points(name, 2000, 0, classes=classes)
        assert torch.equal(drawn.points, plain.points)
        assert drawn.labels is not None
        assert drawn.labels.dtype == torch.int64
        assert drawn.labels.unique().tolist() == list(range(classes))
        assert len(drawn.class_names) == drawn.classes == classes


@pytest.mark.parametrize("name", [name for name in DRAWN if PATTERNS[name].closed])
def test_a_closed_density_agrees_with_a_histogram_of_its_points(name: str) -> None:
    drawn = points(name, 200_000, 0)
    assert drawn.density is not None
    edges = torch.linspace(-1.2, 1.2, 25, dtype=torch.float64)
    counts = torch.histogramdd(drawn.points.double(), [edges, edges]).hist
    fine = (torch.arange(24 * 8, dtype=torch.float64) + 0.5) * (2.4 / (24 * 8)) - 1.2
    grid = torch.cartesian_prod(fine, fine)
    masses = drawn.density.log_density(grid).exp().reshape(24, 8, 24, 8).mean(dim=(1, 3)) * 0.1**2
    assert masses.sum() == pytest.approx(1, abs=1e-3)
    error = (counts / 200_000 - masses).abs()
    assert (error <= 5 * (masses / 200_000).sqrt() + 1e-4).all()


@pytest.mark.parametrize("name", [name for name in DRAWN if PATTERNS[name].closed])
def test_labels_of_the_density_are_the_labels_of_the_points(name: str) -> None:
    drawn = points(name, 1000, 0, classes=2)
    assert drawn.density is not None
    assert drawn.density.labels is not None
    assert drawn.density.labels.unique().tolist() == [0, 1]
    assert len(drawn.density.labels) == len(drawn.density.weights)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("classes", [1, -1, 99])
def test_impossible_classes_are_refused(name: str, classes: int) -> None:
    with pytest.raises(InputError, match=r"data\.classes"):
        points(name, 10, 0, classes=classes)


@pytest.mark.parametrize("count", [0, -5, 10**8])
def test_impossible_counts_are_refused(count: int) -> None:
    with pytest.raises(InputError, match=r"data\.count"):
        points("square", count, 0)


def test_a_typo_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="did you mean 'spiral'"):
        points("spirl", 10, 0)


@pytest.mark.parametrize("name", DRAWN)
def test_a_single_point_can_be_drawn(name: str) -> None:
    assert points(name, 1, 0).points.shape == (1, 2)


def test_a_file_is_a_pattern_too(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("0,0\n1,1\n0,1\n")
    assert points("file", 10, 0, path=str(path)).points.shape == (3, 2)


def test_naming_patterns_imports_neither_torch_nor_numpy() -> None:
    code = "import sys, genloom.data.points; print({'torch', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
