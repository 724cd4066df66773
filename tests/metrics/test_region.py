import math

import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.interval import wilson_interval
from genloom.metrics.region import region_accuracy, share_inside

LOW = torch.tensor([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
HIGH = torch.tensor([[1.0, 1.0], [3.0, 1.0], [5.0, 1.0]])


def test_the_share_counts_points_in_any_box_once_with_its_interval() -> None:
    points = torch.tensor([[0.5, 0.5], [2.5, 0.5], [9.0, 0.5], [1.0, 1.0]])
    assert share_inside(points, LOW, HIGH) == wilson_interval(3, 4)
    assert share_inside(points, torch.zeros(2), torch.ones(2)) == wilson_interval(2, 4)


def test_infinite_bounds_make_half_planes() -> None:
    points = torch.randn(100, 2)
    low, high = torch.tensor([-math.inf, -math.inf]), torch.tensor([0.0, math.inf])
    assert share_inside(points, low, high).value == pytest.approx(float((points[:, 0] <= 0).double().mean()))


def test_a_class_is_right_in_any_of_its_boxes() -> None:
    points = torch.tensor([[0.5, 0.5], [4.5, 0.5], [2.5, 0.5], [2.5, 0.5], [9.0, 9.0]])
    labels = torch.tensor([0, 0, 0, 1, 1])
    accuracy = region_accuracy(points, labels, LOW, HIGH, torch.tensor([0, 1, 0]))
    assert accuracy.overall == wilson_interval(3, 5)
    assert accuracy.classes == (wilson_interval(2, 3), wilson_interval(1, 2))


def test_a_class_without_points_has_no_accuracy() -> None:
    accuracy = region_accuracy(torch.zeros(2, 2), torch.zeros(2, dtype=torch.int64), LOW, HIGH, torch.tensor([0, 1, 2]))
    assert accuracy.classes[1:] == (None, None)


def test_impossible_input_is_refused() -> None:
    points, labels = torch.zeros(3, 2), torch.tensor([0, 1, 7])
    with pytest.raises(InputError, match="labels = 7"):
        region_accuracy(points, labels, LOW, HIGH, torch.tensor([0, 1, 2]))
    with pytest.raises(InputError, match="labels, box_labels"):
        region_accuracy(points, labels[:2], LOW, HIGH, torch.tensor([0, 1, 2]))
    with pytest.raises(InputError, match="points"):
        share_inside(torch.zeros(0, 2), LOW, HIGH)
    with pytest.raises(InputError, match="low, high"):
        share_inside(points, LOW[:, :1], HIGH)
