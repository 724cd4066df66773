"""Points along curves: moons, spiral arms and rings, with a little normal noise across."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from genloom.data.pointset import PointSet, group
from genloom.rng import generator

_MOONS, _SPIRAL, _RINGS = 0x6D6F6F6E73, 0x73706972616C, 0x72696E6773
_MOON_NOISE, _ARM_NOISE, _RING_NOISE = 0.04, 0.02, 0.03
_ARMS, _TURNS = 3, 0.75
_RADII = (0.3, 0.6, 0.9)


def moons(count: int, seed: int, *, classes: int = 0) -> PointSet:
    """Two half circles of radius 0.6 that reach into each other, with normal noise of standard deviation .04.

    classes   0, or 2: upper and lower

    Errors: `InputError` for another number of classes.
    """
    draw = generator(seed, _MOONS)
    part = torch.randint(2, (count,), generator=draw)
    angle = math.pi * torch.rand(count, generator=draw, dtype=torch.float64)
    side = 1 - 2 * part  # the lower moon is the upper one turned by half a circle around the origin
    curve = torch.stack((0.6 * angle.cos() - 0.3, 0.6 * angle.sin() - 0.15), dim=1) * side[:, None]
    points = curve + _MOON_NOISE * torch.randn((count, 2), generator=draw, dtype=torch.float64)
    facts = f"two half circles of radius .6 with normal noise of standard deviation {_MOON_NOISE}"
    return _labelled(points, part, ("upper", "lower"), classes, "moons", facts)


def spiral(count: int, seed: int, *, classes: int = 0) -> PointSet:
    """Three arms of three quarters of a turn, radius growing with the angle from .05 to .95, normal noise .02.

    Points are even in radius², which makes them about even along an arm.

    classes   0, or 2 or 3: arms

    Errors: `InputError` for another number of classes.
    """
    draw = generator(seed, _SPIRAL)
    part = torch.randint(_ARMS, (count,), generator=draw)
    along = torch.rand(count, generator=draw, dtype=torch.float64).sqrt()
    radius, angle = 0.05 + 0.9 * along, 2 * math.pi * (_TURNS * along + part / _ARMS)
    curve = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)
    points = curve + _ARM_NOISE * torch.randn((count, 2), generator=draw, dtype=torch.float64)
    facts = f"{_ARMS} spiral arms of {_TURNS} turns with normal noise of standard deviation {_ARM_NOISE}"
    return _labelled(points, part, tuple(f"arm {i + 1}" for i in range(_ARMS)), classes, "spiral", facts)


def rings(count: int, seed: int, *, classes: int = 0) -> PointSet:
    """Three circles of radii .3, .6 and .9, each as probable as it is long, with normal radial noise of .03.

    classes   0, or 2 or 3: rings from the inside out

    Errors: `InputError` for another number of classes.
    """
    draw = generator(seed, _RINGS)
    radii = torch.tensor(_RADII, dtype=torch.float64)
    part = torch.multinomial(radii / radii.sum(), count, replacement=True, generator=draw)
    radius = radii[part] + _RING_NOISE * torch.randn(count, generator=draw, dtype=torch.float64)
    angle = 2 * math.pi * torch.rand(count, generator=draw, dtype=torch.float64)
    points = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)
    facts = f"three rings of radii {_RADII} with radial noise of standard deviation {_RING_NOISE}"
    return _labelled(points, part, ("inner", "middle", "outer"), classes, "rings", facts)


def _labelled(points: Tensor, part: Tensor, names: Sequence[str], classes: int, name: str, facts: str) -> PointSet:
    grouping = group(names, classes)
    if grouping is None:
        return PointSet(points.float(), None, (), name, facts)
    return PointSet(points.float(), torch.tensor(grouping.part_labels)[part], grouping.names, name, facts)
