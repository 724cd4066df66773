"""How much light reaches points of the stage, and how much of it the objects keep away."""

from collections.abc import Sequence

import numpy as np

from genloom.data.scenes.scene import Body
from genloom.data.scenes.solids import Floats, Triple, half_width, height
from genloom.data.scenes.stage import Lamp

_SLICES = 6


def lit(lamp: Lamp, points: Triple, normal: Triple | None = None) -> Floats:
    """Light of a lamp of power 1 at points with this normal; None is the floor.

    (n · v)⁺ (−a · v)⁺ / |v|⁴ for v from the point to the lamp, whose aim is a: two cosines over the squared distance.
    """
    x, y, z = (lamp.place[i] - points[i] for i in range(3))
    square = x * x + y * y + z * z
    towards = z if normal is None else np.maximum(normal[0] * x + normal[1] * y + normal[2] * z, 0)
    from_lamp = np.maximum(-(lamp.aim[0] * x + lamp.aim[1] * y + lamp.aim[2] * z), 0)
    return np.asarray(towards * from_lamp / (square * square))


def together(lamps: Sequence[Lamp], lights: Sequence[Floats]) -> Floats:
    """Red, green and blue light, (…, 3), of all lamps whose light of power 1 is given."""
    return np.stack(lights, -1) @ np.stack([lamp.power for lamp in lamps])


def shade(body: Body, lamp: Lamp, points: Triple) -> Floats:
    """Share of a lamp's disc that an object hides from points below its top, 0 … 1.

    A body is the union of its horizontal slices. Seen from a point, the lamp's disc of radius ρ projected onto the
    plane of a slice, a fraction k of the way to the lamp, has the radius ρk about a point q: a slice whose edge is at
    the distance d from q hides clamp(½ − d/2ρk) of it. So shadows are sharp where an object stands and soft far away.
    """
    tall = height(body.shape, body.size)
    upper = 0.5 if body.shape == "sphere" else 1.0  # the top of a sphere is a point, of the others a slice like all
    heights = (((np.arange(_SLICES) + upper) / _SLICES) * tall).astype(np.float32)
    heights = heights.reshape(-1, *(1,) * points[0].ndim)
    above = np.maximum(heights - points[2], 1e-4)
    part = above / (lamp.place[2] - points[2])
    x = points[0] + part * (lamp.place[0] - points[0]) - np.float32(body.x)
    y = points[1] + part * (lamp.place[1] - points[1]) - np.float32(body.y)
    away = _outside(body, x, y) - half_width(body.shape, body.size, heights)
    hidden = np.clip(0.5 - away / (2 * lamp.radius * part), 0, 1)
    return np.asarray((hidden * (heights > points[2])).max(0))


def closeness(body: Body, points: Triple) -> Floats:
    """Share of the sky that an object hides from points of the floor, as if it were a sphere: r h / D³ · r."""
    x, y = points[0] - np.float32(body.x), points[1] - np.float32(body.y)
    square = x * x + y * y + np.float32(body.size**2)
    return np.asarray(np.float32(body.size**3) / (square * np.sqrt(square)))


def shadow_corners(body: Body, lamp: Lamp) -> Floats:
    """Points of the floor, (n, 3), whose hull holds an object's shadow."""
    tall, wide = height(body.shape, body.size), 1.45 * body.size  # 1.45 > √2 · 0.92, the corner of a cube
    grown = lamp.place[2] / (lamp.place[2] - tall)
    tip = np.array([body.x, body.y]) + (np.array([body.x, body.y]) - lamp.place[:2]) * (grown - 1)
    soft = lamp.radius * (grown - 1)
    corners = [(x + i * reach, y + j * reach, 0.0) for x, y, reach in (
        (body.x, body.y, wide), (*tip, wide * grown + soft)) for i in (-1, 1) for j in (-1, 1)]
    return np.array(corners)


def shadow_reaches(body: Body, lamp: Lamp, other: Body) -> bool:
    """Whether an object may stand between another one and a lamp: whether it is near the line between their axes."""
    x, y = lamp.place[0] - other.x, lamp.place[1] - other.y
    part = ((body.x - other.x) * x + (body.y - other.y) * y) / max(x * x + y * y, 1e-9)
    part = min(max(part, 0.0), 1.0)
    away = np.hypot(body.x - other.x - part * x, body.y - other.y - part * y)
    return bool(away < 1.31 * (body.size + other.size) + lamp.radius)


def _outside(body: Body, x: Floats, y: Floats) -> Floats:
    """Distance from the axis, in the norm in which a slice of the object is a ball."""
    if body.shape != "cube":
        return np.sqrt(x * x + y * y)
    cos, sin = np.float32(np.cos(body.turn)), np.float32(np.sin(body.turn))
    return np.maximum(np.abs(cos * x + sin * y), np.abs(cos * y - sin * x))
