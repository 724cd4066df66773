"""From a scene to a picture: the floor with its shadows, then the objects from the farthest to the nearest."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from genloom.data.scenes.light import closeness, lit, shade, shadow_corners, shadow_reaches, together
from genloom.data.scenes.metal import mirrored
from genloom.data.scenes.scene import ICLEVR, Body, Look, Scene, compose
from genloom.data.scenes.solids import Floats, Triple, height, meet
from genloom.data.scenes.stage import AMBIENT, FLOOR, Camera
from genloom.errors import InputError

Pixels = NDArray[np.uint8]
SMALLEST, LARGEST = 16, 1024
_POLISH = 0.75
"""Share of a metal object's look that is a mirror; the rest is matt."""
PAINT = {"gray": (87, 87, 87), "red": (173, 35, 35), "blue": (42, 75, 215), "green": (29, 105, 20),
         "brown": (129, 74, 25), "purple": (129, 38, 192), "cyan": (41, 208, 208), "yellow": (255, 238, 51)}
"""CLEVR's eight colours, in its renderer's `properties.json`."""


def render(labels: Sequence[str], seed: int, size: int = 64, *, look: Look = ICLEVR) -> Pixels:
    """One picture, (size, size, 3), of a random scene with these objects: a function of its arguments.

    >>> render(["red sphere", "yellow cube"], seed=0).shape
    (64, 64, 3)

    Errors: as `compose`; `InputError` for a size that cannot be drawn.
    """
    return draw(compose(labels, seed, look), size)


def draw(scene: Scene, size: int = 64) -> Pixels:
    """The picture of a scene, (size, size, 3).

    Errors: `InputError` for a size below 16 or above 1024.
    """
    if not SMALLEST <= size <= LARGEST:
        raise InputError("size", size, f"from {SMALLEST} to {LARGEST} pixels")
    picture = _floor(scene, size)
    away = [np.hypot(body.x - scene.camera.place[0], body.y - scene.camera.place[1]) for body in scene.bodies]
    for index in sorted(range(len(away)), key=lambda index: -away[index]):
        _lay(picture, scene, index, size)
    levels = _to_screen(picture) * 255
    if scene.look.grain:
        levels += (scene.look.grain * _grain(size))[..., None]
    pixels: Pixels = np.clip(levels + 0.5, 0, 255).astype(np.uint8)
    return pixels


def _floor(scene: Scene, size: int) -> Floats:
    """The floor in linear light, (size, size, 3)."""
    middle = np.arange(size, dtype=np.float32) + 0.5
    points = _on_floor(scene.camera, middle[None, :], middle[:, None], size)
    lights = []
    for lamp in scene.lamps:
        light = lit(lamp, points)
        for body in scene.bodies:
            at = _window(scene.camera, shadow_corners(body, lamp), size)
            if at is not None:
                light[at] *= 1 - shade(body, lamp, _part(points, at))
        lights.append(light)
    open_sky = np.ones((size, size), np.float32)
    for body in scene.bodies:
        open_sky -= closeness(body, points)
    return together(scene.lamps, lights) + open_sky[..., None] * AMBIENT


def _lay(picture: Floats, scene: Scene, index: int, size: int) -> None:
    """Lay an object over what is there, by the share of each pixel's rays that meet it."""
    body, eye, n = scene.bodies[index], scene.camera, scene.look.samples
    at = _window(eye, _frame(body), size)
    if at is None:
        return
    rows, columns = (np.arange(n * part.start, n * part.stop, dtype=np.float32) for part in at)
    rays = eye.rays(((columns + 0.5) / n)[None, :], ((rows + 0.5) / n)[:, None], size)
    start = (float(eye.place[0]) - body.x, float(eye.place[1]) - body.y, float(eye.place[2]))
    found = meet(body.shape, body.size, body.turn, start, rays)
    flat = found.hit.reshape(-1).nonzero()[0]
    if not len(flat):
        return
    along = found.along.reshape(-1)[flat]
    ways: Triple = tuple(ray.reshape(-1)[flat] for ray in rays)  # type: ignore[assignment]
    normal: Triple = tuple(part.reshape(-1)[flat] for part in found.normal)  # type: ignore[assignment]
    points: Triple = tuple(np.float32(eye.place[i]) + along * ways[i] for i in range(3))  # type: ignore[assignment]
    seen = np.zeros((found.hit.size, 4), np.float32)
    seen[flat, :3] = _surface(scene, index, points, normal, ways)
    seen[flat, 3] = 1
    high, wide = len(rows) // n, len(columns) // n
    mean = seen.reshape(high, n, wide, n, 4).mean((1, 3))
    picture[at] = picture[at] * (1 - mean[..., 3:]) + mean[..., :3]


def _surface(scene: Scene, index: int, points: Triple, normal: Triple, ways: Triple) -> Floats:
    """What points of an object's surface send to the camera, (m, 3)."""
    body = scene.bodies[index]
    paint = _paint(body.colour) / FLOOR
    lights = []
    for lamp in scene.lamps:
        light = lit(lamp, points, normal)
        for number, other in enumerate(scene.bodies):
            if number != index and shadow_reaches(other, lamp, body):
                light *= 1 - shade(other, lamp, points)
        lights.append(light)
    sky = 0.675 + 0.325 * normal[2]  # the rest is what the floor returns of it, about a third
    matt = together(scene.lamps, lights) + sky[:, None] * AMBIENT
    if body.material == "metal":
        matt = (1 - _POLISH) * matt + _POLISH * mirrored(scene.lamps, points, normal, ways)
    return np.asarray(matt * paint)


def _frame(body: Body) -> Floats:
    """Corners, (8, 3), of a box that holds an object."""
    wide = 1.31 * body.size if body.shape == "cube" else body.size  # √2 · 0.92
    return np.array([(body.x + i * wide, body.y + j * wide, k * height(body.shape, body.size))
                     for i in (-1, 1) for j in (-1, 1) for k in (0, 1)])


def _window(eye: Camera, points: Floats, size: int) -> tuple[slice, slice] | None:
    """Rows and columns of the picture that hold the hull of these points, or None if none does."""
    columns, rows = eye.project(points, size)
    low = [max(0, int(np.floor(each.min()))) for each in (rows, columns)]
    high = [min(size, int(np.ceil(each.max()))) for each in (rows, columns)]
    if low[0] >= high[0] or low[1] >= high[1]:
        return None
    return slice(low[0], high[0]), slice(low[1], high[1])


def _on_floor(eye: Camera, columns: Floats, rows: Floats, size: int) -> Triple:
    x, y, z = eye.rays(columns, rows, size)
    along = np.float32(-eye.place[2]) / z
    return np.float32(eye.place[0]) + along * x, np.float32(eye.place[1]) + along * y, np.zeros_like(along)


def _part(points: Triple, at: tuple[slice, slice]) -> Triple:
    return points[0][at], points[1][at], points[2][at]


@cache
def _paint(colour: str) -> Floats:
    """Share of red, green and blue light that a paint returns."""
    return (np.array(PAINT[colour]) / 255).astype(np.float32)


def _to_screen(light: Floats) -> Floats:
    """Linear light to sRGB in [0, 1]."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** np.float32(1 / 2.4) - 0.055)


@cache
def _grain(size: int) -> Floats:
    """Standard normal noise, half as strong at the bottom of the picture, where more light falls."""
    noise = np.random.default_rng(0).standard_normal((size, size), np.float32)
    return np.asarray(noise * np.linspace(1.0, 0.5, size, dtype=np.float32)[:, None])
