"""Where rays meet spheres, cubes and cylinders that stand on the floor, and how wide those are at each height."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Triple = tuple[Floats, Floats, Floats]

CUBE = 0.92
"""Half the edge of a cube, in units of its size: its rounded edges make it smaller than its frame."""


class Hits(NamedTuple):
    """Where rays meet a solid.

    hit      whether they do
    along    how far, in lengths of the ray's direction; of no meaning where there is no hit
    normal   x, y and z of the surface's outward unit normal
    """

    hit: NDArray[np.bool_]
    along: Floats
    normal: Triple


def meet(shape: str, size: float, turn: float, start: tuple[float, float, float], rays: Triple) -> Hits:
    """Meet the solid of this shape that stands at the origin, from a point above and outside of it.

    size    radius of a sphere or of a cylinder, which is 2 · size tall; a cube's half edge is 0.92 · size
    turn    angle of a cube about its axis, in radians
    start   where the rays begin; above the top
    """
    if shape == "sphere":
        return _sphere(size, start, rays)
    if shape == "cylinder":
        return _cylinder(size, start, rays)
    return _cube(CUBE * size, turn, start, rays)


def half_width(shape: str, size: float, heights: Floats) -> Floats:
    """Radius, or half the side of the square, of a solid's slices at these heights above the floor."""
    if shape == "sphere":
        return np.asarray(np.sqrt(np.maximum(size**2 - (heights - size) ** 2, 0)))
    return np.full_like(heights, size if shape == "cylinder" else CUBE * size)


def height(shape: str, size: float) -> float:
    """Height of a solid."""
    return 2 * (CUBE * size if shape == "cube" else size)


def _sphere(radius: float, start: tuple[float, float, float], rays: Triple) -> Hits:
    x, y, z = start[0], start[1], start[2] - radius
    dx, dy, dz = rays
    square = dx * dx + dy * dy + dz * dz
    half = dx * x + dy * y + dz * z
    inside = half * half - square * (x * x + y * y + z * z - radius**2)
    along = (-half - np.sqrt(np.maximum(inside, 0))) / square
    return Hits(inside > 0, along, ((x + along * dx) / radius, (y + along * dy) / radius, (z + along * dz) / radius))


def _cylinder(radius: float, start: tuple[float, float, float], rays: Triple) -> Hits:
    x, y, z = start
    dx, dy, dz = rays
    square = dx * dx + dy * dy
    half = dx * x + dy * y
    inside = half * half - square * (x * x + y * y - radius**2)
    side = (-half - np.sqrt(np.maximum(inside, 0))) / square
    top = (2 * radius - z) / dz
    level = z + side * dz
    on_side = (inside > 0) & (level >= 0) & (level <= 2 * radius)
    on_top = ((x + top * dx) ** 2 + (y + top * dy) ** 2 < radius**2) & ~on_side
    along = np.where(on_top, top, side)
    none = np.float32(0)
    normal = (np.where(on_top, none, (x + along * dx) / radius), np.where(on_top, none, (y + along * dy) / radius),
              on_top.astype(np.float32))
    return Hits(on_side | on_top, along, normal)


def _cube(half: float, turn: float, start: tuple[float, float, float], rays: Triple) -> Hits:
    """The slab method, in the cube's own frame: inside all three pairs of planes at once."""
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    x, y = cos * start[0] + sin * start[1], cos * start[1] - sin * start[0]
    dx, dy, dz = cos * rays[0] + sin * rays[1], cos * rays[1] - sin * rays[0], rays[2]
    nears, fars = [], []
    for at, way in ((x, dx), (y, dy), (start[2] - half, dz)):
        safe = np.where(np.abs(way) < 1e-9, np.float32(1e-9), way)  # a ray along a face
        middle, reach = -at / safe, np.abs(half / safe)
        nears.append(middle - reach)
        fars.append(middle + reach)
    near, far = np.maximum(np.maximum(nears[0], nears[1]), nears[2]), np.minimum(np.minimum(fars[0], fars[1]), fars[2])
    on_x, on_y = near == nears[0], near == nears[1]
    along_x = np.where(on_x, -np.sign(dx), 0).astype(np.float32)
    along_y = np.where(on_y & ~on_x, -np.sign(dy), 0).astype(np.float32)
    normal = (cos * along_x - sin * along_y, sin * along_x + cos * along_y, (~on_x & ~on_y).astype(np.float32))
    return Hits(near < far, near, normal)
