"""The stage: a grey floor under three soft lamps and a camera, with the numbers of CLEVR's world.

The camera and the lamps were fitted to the published pictures of i-CLEVR (least squares on the outlines of 250 spheres
and on the mean of the empty floor, which they meet to 0.3 pixels and 1.6 of 255 levels). They lie where CLEVR's own
scene file has them, within half a unit. Lengths are CLEVR's units: a large sphere has the radius 0.7.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

FOCAL = 1.063
"""Focal length in widths of the picture."""
SQUEEZE = 4 / 3
"""The course's square pictures are made from ones of 4 : 3, so that everything is taller than it is wide."""
AMBIENT = np.array([0.1377, 0.1373, 0.1368], np.float32)
"""Light that comes from everywhere, as the floor returns it."""
FLOOR = 0.58
"""Share of the light that the floor returns: what its lamps' `power` has in it and objects' colours are divided by."""

_CAMERA, _TARGET, _ROLL = np.array([7.820, -6.755, 5.522]), np.array([-0.091, 0.062, 0.0]), -0.0235
_LAMPS = (  # place, where it is aimed at on the floor, red power, green and blue in units of it, radius
    ((5.569, -3.035, 4.604), (4.779, -0.841), 4.288, (0.9255, 0.7953), 0.5),
    ((-5.358, -3.224, 3.744), (-1.492, -3.231), 1.323, (1.0699, 1.3199), 0.8),
    ((-0.741, 3.384, 5.811), (-2.905, -2.294), 3.575, (0.9920, 0.9784), 0.6),
)


@dataclass(frozen=True)
class Camera:
    """A camera: its place, and the unit vectors to its right, its top and its back, as rows."""

    place: Floats
    turn: Floats

    def project(self, points: Floats, size: int) -> tuple[Floats, Floats]:
        """Columns and rows, in pixels, of points (n, 3) in a picture of this size."""
        right, top, back = self.turn @ (points - self.place).T
        scale = -FOCAL * size / back
        return size / 2 + scale * right, size / 2 - SQUEEZE * scale * top

    def rays(self, columns: Floats, rows: Floats, size: int) -> tuple[Floats, Floats, Floats]:
        """Directions x, y, z, of any length, through places of a picture; the arguments broadcast."""
        right = (columns - size / 2) / (FOCAL * size)
        top = (size / 2 - rows) / (FOCAL * SQUEEZE * size)
        one, two, three = self.turn.astype(np.float32)
        return tuple(one[i] * right + two[i] * top - three[i] for i in range(3))


@dataclass(frozen=True)
class Lamp:
    """A round lamp whose light falls with the cosine to its aim and with the square of the distance.

    place    its middle
    aim      unit vector along which it is brightest
    power    red, green and blue light that the floor returns at distance 1
    radius   what makes its shadows soft
    """

    place: Floats
    aim: Floats
    power: Floats
    radius: float


def camera(shift: Floats | float = 0.0) -> Camera:
    """The camera, moved by a vector and turned to the same target."""
    place = _CAMERA + shift
    back = place - _TARGET
    back = back / np.linalg.norm(back)
    right = np.cross([0.0, 0.0, 1.0], back)
    right = right / np.linalg.norm(right)
    top = np.cross(back, right)
    cos, sin = np.cos(_ROLL), np.sin(_ROLL)
    return Camera(place, np.stack([cos * right + sin * top, cos * top - sin * right, back]))


def lamps(shifts: Floats | None = None) -> tuple[Lamp, ...]:
    """The lamps, key, fill and back, each moved with its aim by a row of `shifts` (3, 3)."""
    made = []
    for number, (place, target, red, others, radius) in enumerate(_LAMPS):
        at = np.array(place)
        aim = np.array([*target, 0.0]) - at
        power = red * np.array([1.0, *others])
        moved = at if shifts is None else at + shifts[number]
        made.append(Lamp(moved.astype(np.float32), (aim / np.linalg.norm(aim)).astype(np.float32),
                         power.astype(np.float32), radius))
    return tuple(made)
