"""What polished metal shows: the floor and the lamps, mirrored."""

from collections.abc import Sequence

import numpy as np

from genloom.data.scenes.light import lit, together
from genloom.data.scenes.solids import Floats, Triple
from genloom.data.scenes.stage import AMBIENT, Lamp

_GLOSS = 60.0
"""Exponent of the highlights: half as bright 9° away from the mirrored lamp."""
_GLARE = 0.12
"""Brightness of a highlight, in units of the light that the floor would return at that distance."""
_FAR = 40.0
"""The floor ends here; beyond it is as bright as the light from everywhere."""


def mirrored(lamps: Sequence[Lamp], points: Triple, normal: Triple, ways: Triple) -> Floats:
    """Light that comes to points (m,) from where a mirror there would show along `ways`, (m, 3).

    The direction d becomes r = d − 2 (d · n) n. Where r falls, it meets the floor, without the shadows on it; where it
    rises, the sky. Each lamp adds (r · v)⁶⁰ for the direction v to it [Phong 1975].
    """
    along = ways[0] * normal[0] + ways[1] * normal[1] + ways[2] * normal[2]
    x, y, z = (ways[i] - 2 * along * normal[i] for i in range(3))
    length = np.sqrt(x * x + y * y + z * z)
    reach = np.where(z < 0, points[2] / np.maximum(-z, 1e-6), np.float32(_FAR) / length)
    falls = (z < 0) & (reach * length < _FAR)
    reach = np.where(falls, reach, 0)
    floor: Triple = (points[0] + reach * x, points[1] + reach * y, np.zeros_like(z))
    lights = [np.where(falls, lit(lamp, floor), 0) + _highlight(lamp, points, (x / length, y / length, z / length))
              for lamp in lamps]
    return together(lamps, lights) + AMBIENT


def _highlight(lamp: Lamp, points: Triple, ways: Triple) -> Floats:
    x, y, z = (lamp.place[i] - points[i] for i in range(3))
    square = x * x + y * y + z * z
    towards = np.maximum(ways[0] * x + ways[1] * y + ways[2] * z, 0) / np.sqrt(square)
    return np.asarray(_GLARE * towards**_GLOSS)
