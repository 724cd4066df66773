"""Eight Gaussians on a circle."""

import math

import torch

from genloom.data.density import Gaussians
from genloom.data.pointset import PointSet, group
from genloom.rng import generator

_DRAW = 0x6D697874757265
_COMPONENTS, _RADIUS, _STD = 8, 0.8, 0.08  # neighbours are 7.7 standard deviations apart: separate modes


def mixture(count: int, seed: int, *, classes: int = 0) -> PointSet:
    """Points from p(x) = ⅛ Σ_k N(x; .8 (cos kπ/4, sin kπ/4), .08² I).

    classes   0, or 2 to 8: components are grouped around the circle, counter-clockwise from the right

    Errors: `InputError` for another number of classes.
    """
    angle = torch.arange(_COMPONENTS, dtype=torch.float64) * (2 * math.pi / _COMPONENTS)
    means = _RADIUS * torch.stack((angle.cos(), angle.sin()), dim=1)
    covariances = _STD**2 * torch.eye(2, dtype=torch.float64).repeat(_COMPONENTS, 1, 1)
    grouping = group([f"{360 // _COMPONENTS * k}°" for k in range(_COMPONENTS)], classes)
    labels = torch.tensor(grouping.part_labels) if grouping else None
    weights = torch.full((_COMPONENTS,), 1 / _COMPONENTS, dtype=torch.float64)
    density = Gaussians(means, covariances, weights, labels)
    points, component = density.sample(count, generator(seed, _DRAW))
    facts = (f"{_COMPONENTS} Gaussians of standard deviation {_STD} on a circle of radius {_RADIUS}, "
             f"standard deviation {math.sqrt(_RADIUS**2 / 2 + _STD**2):.4f}")
    return PointSet(points.float(), None if labels is None else labels[component], grouping.names if grouping else (),
                    "mixture", facts, density)
