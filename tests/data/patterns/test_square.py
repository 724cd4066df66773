import math

import pytest
import torch

from genloom.data.patterns.square import MOST_CLASSES, regions, square
from genloom.errors import InputError


def test_moments_are_those_of_the_uniform_square() -> None:
    points = square(100_000, 0).points.double()
    assert points.abs().max() <= 1
    assert points.mean(dim=0).abs().max() < 4 / math.sqrt(3 * 100_000)
    torch.testing.assert_close(points.std(dim=0), torch.full((2,), 1 / math.sqrt(3)).double(), atol=0.004, rtol=0)


def test_the_log_density_is_minus_log_4() -> None:
    density = square(1, 0).density
    assert density is not None
    assert density.log_density(torch.zeros(1, 2)).item() == pytest.approx(-math.log(4), abs=1e-15)


@pytest.mark.parametrize("classes", range(2, MOST_CLASSES + 1))
def test_regions_tile_the_square_without_overlap(classes: int) -> None:
    boxes, names = regions(classes)
    x = 2 * torch.rand(20_000, 2, dtype=torch.float64) - 1
    inside = ((x[:, None] > boxes.low) & (x[:, None] < boxes.high)).all(dim=2).sum(dim=1)
    assert (inside == 1).all()  # a draw on a border has probability 0
    assert boxes.volumes.sum().item() == pytest.approx(4, abs=1e-12)
    assert boxes.weights.sum().item() == pytest.approx(1, abs=1e-12)
    assert boxes.labels is not None
    assert boxes.labels.unique().tolist() == list(range(classes))
    assert len(set(names)) == classes
    torch.testing.assert_close(boxes.log_density(x), torch.full((len(x),), -math.log(4)).double(), rtol=1e-7, atol=0)


def test_five_classes_are_a_pinwheel_of_a_centre_and_four_equal_arms() -> None:
    boxes, names = regions(5)
    torch.testing.assert_close(boxes.volumes, torch.tensor([1, 0.75, 0.75, 0.75, 0.75]).double())
    assert names[0] == "centre"
    turned = torch.stack((boxes.low[1], boxes.high[1])) @ torch.tensor([[0.0, -1.0], [1.0, 0.0]]).double()
    torch.testing.assert_close(turned.amin(dim=0), boxes.low[2])  # the top arm turned clockwise is the right arm
    torch.testing.assert_close(turned.amax(dim=0), boxes.high[2])


@pytest.mark.parametrize("classes", [2, 3, 4, 6, 7, 8, 9, 10, 11, 12])
def test_other_regions_have_equal_areas(classes: int) -> None:
    torch.testing.assert_close(regions(classes)[0].volumes, torch.full((classes,), 4 / classes, dtype=torch.float64))


def test_a_points_label_is_its_region() -> None:
    drawn = square(5000, 0, classes=5)
    x, y = drawn.points.T
    assert torch.equal(drawn.labels == 0, (x.abs() <= 0.5) & (y.abs() <= 0.5))


@pytest.mark.parametrize("classes", [1, 13, -2])
def test_other_numbers_of_classes_are_refused(classes: int) -> None:
    with pytest.raises(InputError, match="from 2 to 12"):
        regions(classes)
