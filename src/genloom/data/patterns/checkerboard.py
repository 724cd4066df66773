"""Eight squares of a 4 × 4 checkerboard."""

import math

import torch

from genloom.data.density import Boxes
from genloom.data.pointset import PointSet, group
from genloom.rng import generator

_DRAW = 0x636865636B6572


def checkerboard(count: int, seed: int, *, classes: int = 0) -> PointSet:
    """Points uniform on 8 squares of side ½ in [−1, 1]²: p(x) = 1/2 on them, log p = −log 2.

    classes   0, or 2 to 8: squares are grouped from the bottom row up

    Errors: `InputError` for another number of classes.
    """
    cells = [(column, row) for row in range(4) for column in range(4) if (column + row) % 2 == 0]
    grouping = group([f"square {i + 1}" for i in range(len(cells))], classes)
    low = torch.tensor(cells, dtype=torch.float64) / 2 - 1
    labels = torch.tensor(grouping.part_labels) if grouping else None
    boxes = Boxes(low, low + 0.5, torch.full((8,), 1 / 8, dtype=torch.float64), labels)
    points, box = boxes.sample(count, generator(seed, _DRAW))
    facts = f"uniform on 8 squares of a 4 × 4 checkerboard in [−1, 1]², log density −log 2 = {-math.log(2):.4f} on them"
    return PointSet(points.float(), None if labels is None else labels[box], grouping.names if grouping else (),
                    "checkerboard", facts, boxes)
