"""The uniform square, whole or in labelled regions."""

import math

import torch

from genloom.data.density import Boxes
from genloom.data.pointset import PointSet
from genloom.errors import InputError
from genloom.rng import generator

_DRAW = 0x737175617265  # keeps these draws apart from other patterns' and from training's
MOST_CLASSES = 12


def square(count: int, seed: int, *, classes: int = 0) -> PointSet:
    """Points uniform in [−1, 1]²: p(x) = 1/4, so log p = −log 4, and each coordinate has standard deviation 1/√3.

    classes   0, or 2 to 12 regions that tile the square (`regions`); the points are the same with and without

    Errors: `InputError` for another number of classes.
    """
    points = 2 * torch.rand((count, 2), generator=generator(seed, _DRAW)) - 1
    facts = f"uniform in [−1, 1]², log density −log 4 = {-math.log(4):.4f}, standard deviation 1/√3 = .5774"
    if classes == 0:
        whole = Boxes(torch.full((1, 2), -1.0).double(), torch.ones(1, 2).double(), torch.ones(1).double())
        return PointSet(points, None, (), "square", facts, whole)
    boxes, names = regions(classes)
    return PointSet(points, boxes.locate(points), names, "square", f"{facts}, {classes} labelled regions", boxes)


def regions(classes: int) -> tuple[Boxes, tuple[str, ...]]:
    """The boxes that tile [−1, 1]², one per class, and their names.

    Five classes are a pinwheel: the centre [−½, ½]² (area 1) and four arms of ½ × 3/2 around it. Any other number K is
    laid in about √K rows whose heights make all areas 4/K.

    Errors: `InputError` unless 2 ≤ classes ≤ 12.
    """
    if not 2 <= classes <= MOST_CLASSES:
        raise InputError("data.classes", classes, f"0 or from 2 to {MOST_CLASSES} for the square")
    corners, names = _pinwheel() if classes == 5 else _rows(classes)
    corner = torch.tensor(corners, dtype=torch.float64)
    low, high = corner[:, :2], corner[:, 2:]
    return Boxes(low, high, (high - low).prod(dim=1) / 4, torch.arange(classes)), names


_Corners = list[tuple[float, float, float, float]]


def _pinwheel() -> tuple[_Corners, tuple[str, ...]]:
    corners = [(-0.5, -0.5, 0.5, 0.5), (-1.0, 0.5, 0.5, 1.0), (0.5, -0.5, 1.0, 1.0), (-0.5, -1.0, 1.0, -0.5),
               (-1.0, -1.0, -0.5, 0.5)]
    return corners, ("centre", "top", "right", "bottom", "left")


def _rows(classes: int) -> tuple[_Corners, tuple[str, ...]]:
    rows = round(math.sqrt(classes))
    corners, names, done = [], [], 0
    for row in range(rows):
        cells = (row + 1) * classes // rows - row * classes // rows
        top, bottom = 1 - 2 * done / classes, 1 - 2 * (done + cells) / classes
        edges = [-1 + 2 * i / cells for i in range(cells + 1)]
        corners += [(edges[i], bottom, edges[i + 1], top) for i in range(cells)]
        names += [f"row {row + 1} cell {i + 1}" for i in range(cells)]
        done += cells
    return corners, tuple(names)
