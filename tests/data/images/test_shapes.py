import math

import numpy as np
import pytest

from genloom.data.images import shapes as drawing
from genloom.data.images.shapes import NAMES, TEST, TRAIN, shapes


def test_the_set_is_the_same_every_time_and_its_parts_differ() -> None:
    first, again = shapes(16, 3, "test"), shapes(16, 3, "test")
    assert np.array_equal(first[0], again[0])
    assert first[1] == again[1]
    assert len(first[0]) == TEST
    train = shapes(16, 3, "train")[0]
    assert len(train) == TRAIN
    assert not (train[:TEST] == first[0]).all((1, 2, 3)).any()


def test_every_class_is_there_equally_often() -> None:
    counts = np.bincount(shapes(8, 1, "train")[1], minlength=len(NAMES))
    assert counts.max() - counts.min() <= 1


def test_another_size_shows_the_same_scene() -> None:
    large = shapes(64, 3, "test")[0][:60].astype(float)
    small = shapes(16, 3, "test")[0][:60].astype(float)
    pooled = large.reshape(60, 3, 16, 4, 16, 4).mean((3, 5))
    assert np.abs(pooled - small).mean() < 3


def test_a_pixel_on_an_edge_is_partly_covered() -> None:
    picture = shapes(64, 1, "test")[0][np.flatnonzero(np.array(shapes(64, 1, "test")[1]) == NAMES.index("disc"))[0], 0]
    assert len(np.unique(picture)) > 30


def test_grey_pictures_show_their_shapes_too() -> None:
    """Between the middle of a shape and the corner farthest from it there are at least 40 of 255 levels."""
    pictures, labels = shapes(32, 1, "test")
    ranges = np.ptp(pictures.reshape(len(pictures), -1).astype(int), axis=1)
    assert ranges.min() > 40
    assert len(labels) == len(pictures)


@pytest.mark.parametrize(("name", "area"), [
    ("square", 2.0), ("triangle", 0.75 * math.sqrt(3)), ("star", 10 * 0.5 * 0.45 * math.sin(math.pi / 5)),
    ("cross", 4 * 2 * 0.33 * (math.sqrt(1 - 0.33**2) - 0.33) + (2 * 0.33) ** 2)])
def test_the_area_inside_an_outline_is_the_polygons_own(name: str, area: float) -> None:
    n = 801
    at = np.linspace(-1.1, 1.1, n)
    distance = drawing._polygon(drawing._CORNERS[name], at[None, :], at[:, None])
    assert (distance < 0).sum() * (2.2 / (n - 1)) ** 2 == pytest.approx(area, rel=5e-3)
    steps = np.hypot(*np.gradient(distance.astype(float), 2.2 / (n - 1)))
    assert np.median(steps) == pytest.approx(1, abs=1e-3)  # a distance grows by 1 for each 1
