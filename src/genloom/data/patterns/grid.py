"""Twenty-five narrow Gaussians on a square lattice: the usual test of whether a generator finds every mode."""

import math

import torch

from genloom.data.density import Gaussians
from genloom.data.pointset import PointSet, group
from genloom.rng import generator

_DRAW = 0x67726964
_SIDE, _SPACING = 5, 0.4
_STD = 0.02  # neighbours are 20 standard deviations apart; 40 is usual, and takes several times the training


def grid(count: int, seed: int, *, classes: int = 0) -> PointSet:
    """Points from p(x) = 1/25 Σ_{i,j} N(x; .4 (i, j), .02² I) with i, j = −2 … 2. [as Srivastava et al. 2017, §4.1]

    classes   0, or 2 to 25: components are grouped from the bottom row up, and named as the fields of a chess board

    Errors: `InputError` for another number of classes.
    """
    line = _SPACING * (torch.arange(_SIDE, dtype=torch.float64) - _SIDE // 2)
    y, x = torch.meshgrid(line, line, indexing="ij")
    means = torch.stack((x.flatten(), y.flatten()), 1)
    covariances = _STD**2 * torch.eye(2, dtype=torch.float64).repeat(len(means), 1, 1)
    grouping = group([f"{'abcde'[column]}{row + 1}" for row in range(_SIDE) for column in range(_SIDE)], classes)
    labels = torch.tensor(grouping.part_labels) if grouping else None
    weights = torch.full((len(means),), 1 / len(means), dtype=torch.float64)
    density = Gaussians(means, covariances, weights, labels)
    points, component = density.sample(count, generator(seed, _DRAW))
    spread = math.sqrt(2 * _SPACING**2 + _STD**2)
    facts = (f"{len(means)} Gaussians of standard deviation {_STD} on a {_SIDE} × {_SIDE} lattice of spacing "
             f"{_SPACING}, standard deviation {spread:.4f}")
    return PointSet(points.float(), None if labels is None else labels[component], grouping.names if grouping else (),
                    "grid", facts, density)
