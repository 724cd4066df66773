"""A picture set that is drawn here: coloured shapes on soft backgrounds, the same at every resolution."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloom.data.images.picture import Pixels
from genloom.rng import fold

Floats = NDArray[np.floating[Any]]

NAMES = ("cross", "disc", "ring", "square", "star", "triangle")
TRAIN, TEST = 2000, 500
_SEEDS = {"train": 0, "test": 1}
_BLOCK = 64
# Okabe & Ito's colours, which colour-blind readers can tell apart, without black
_COLOURS = np.array([[230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [0, 114, 178], [213, 94, 0],
                     [204, 121, 167]], np.float32) / 255
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R 601
_LIGHTS = 0.45  # least difference in brightness between a shape and its background, so that grey pictures show it too


def shapes(size: int, channels: int, part: str) -> tuple[Pixels, list[int]]:
    """(N, channels, size, size) pictures of the part "train" (2,000) or "test" (500), and the class of each.

    Every picture has one shape, of a random place, size, angle and colour, with a soft shadow, on a background whose
    brightness rises or falls across it. Picture i is a function of (part, i) alone: another size shows the same scene.
    Edges are antialiased by the distance d of a pixel's centre to the outline, in pixels: it covers clamp(½ − d, 0, 1).
    """
    count = TRAIN if part == "train" else TEST
    draws = np.random.default_rng(fold(_SEEDS[part], 0x736861706573)).random((count, 12), np.float32)
    labels = np.arange(count) % len(NAMES)
    pictures = np.empty((count, channels, size, size), np.uint8)
    for kind in range(len(NAMES)):
        members = np.flatnonzero(labels == kind)
        for block in np.array_split(members, math.ceil(len(members) / _BLOCK)):
            drawn = _draw(kind, draws[block], size)
            grey = (drawn @ _GREY)[..., None] if channels == 1 else drawn
            pictures[block] = np.round(np.clip(grey, 0, 1) * 255).astype(np.uint8).transpose(0, 3, 1, 2)
    return pictures, labels.tolist()


def _draw(kind: int, draws: Floats, size: int) -> Floats:
    """(n, size, size, 3) in [0, 1]."""
    radius = (0.2 + 0.18 * draws[:, 0])[:, None, None]
    x, y = _plane(draws, radius, size)
    front, back = _colours(draws)
    slope = (draws[:, 10] * 2 * np.pi)[:, None, None]
    middle = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    light = 1 + 0.2 * (np.cos(slope) * middle[None, None, :] + np.sin(slope) * middle[None, :, None])
    shadow = np.clip(0.5 - _outline(kind, x - 0.03, y - 0.05, radius, draws) / 0.1, 0, 1)
    cover = np.clip(0.5 - _outline(kind, x, y, radius, draws) * size, 0, 1)[..., None]
    scene = back[:, None, None] * (light * (1 - 0.3 * shadow))[..., None]
    shine = (1.06 - 0.075 * (1 + y / radius))[..., None]  # lit from above
    return np.asarray(scene * (1 - cover) + front[:, None, None] * shine * cover, np.float32)


def _plane(draws: Floats, radius: Floats, size: int) -> tuple[Floats, Floats]:
    """Coordinates of the pixels' centres about each shape's centre, with 1 the width of the picture."""
    room = 0.5 - radius - 0.05  # from the edge, which random cuts come near
    at = (np.arange(size, dtype=np.float32) + 0.5) / size
    centre_x = 0.5 + (2 * draws[:, 1, None, None] - 1) * room
    centre_y = 0.5 + (2 * draws[:, 2, None, None] - 1) * room
    return at[None, None, :] - centre_x, at[None, :, None] - centre_y


def _colours(draws: Floats) -> tuple[Floats, Floats]:
    """Colour of each shape and of its background: a shape of the palette; behind it a pale or a deep tint."""
    chosen = (draws[:, 3] * len(_COLOURS)).astype(np.int64)
    front = _COLOURS[chosen]
    tint = _COLOURS[(chosen + 1 + (draws[:, 4] * (len(_COLOURS) - 1)).astype(np.int64)) % len(_COLOURS)]
    pale, deep = 0.25 * tint + 0.72, 0.35 * tint
    dark = (front @ _GREY)[:, None] < _LIGHTS
    return front, np.where(dark, pale, deep).astype(np.float32)


def _outline(kind: int, x: Floats, y: Floats, radius: Floats, draws: Floats) -> Floats:
    """Signed distance to the outline of a shape, negative inside."""
    name = NAMES[kind]
    if name == "disc":
        return np.asarray(np.hypot(x, y) - radius, np.float32)
    if name == "ring":
        return np.asarray(np.abs(np.hypot(x, y) - 0.75 * radius) - 0.25 * radius, np.float32)
    angle = ((draws[:, 5] - 0.5) * (np.pi / 2))[:, None, None]
    turned_x, turned_y = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    return _polygon(_CORNERS[name], turned_x / radius, turned_y / radius) * radius


def _polygon(corners: list[tuple[float, float]], x: Floats, y: Floats) -> Floats:
    """Signed distance to a polygon: the nearest of its sides, negative where a ray crosses an odd number of them."""
    nearest = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf, np.float32)
    inside = np.zeros(nearest.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        along_x, along_y = bx - ax, by - ay
        part = np.clip(((x - ax) * along_x + (y - ay) * along_y) / (along_x**2 + along_y**2), 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - ax - part * along_x, y - ay - part * along_y))
        if along_y != 0:
            inside ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) * (along_x / along_y))
    return np.where(inside, -nearest, nearest)


def _regular(corners: int, inner: float | None = None) -> list[tuple[float, float]]:
    """Corners on the unit circle, one at the top; between them, for a star, others on a circle of radius `inner`."""
    radii = [1.0] if inner is None else [1.0, inner]
    total = corners * len(radii)
    turns = [2 * math.pi * i / total for i in range(total)]
    return [(radii[i % len(radii)] * math.sin(turn), -radii[i % len(radii)] * math.cos(turn))
            for i, turn in enumerate(turns)]


def _cross(arm: float) -> list[tuple[float, float]]:
    """The outline of a plus sign whose corners lie in the unit circle."""
    far = math.sqrt(1 - arm**2)
    quarter = [(arm, -far), (arm, -arm), (far, -arm)]
    return [(x * c - y * s, x * s + y * c) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1)) for x, y in quarter]


_CORNERS = {
    "cross": _cross(0.33),
    "square": [(x * math.sqrt(0.5), y * math.sqrt(0.5)) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))],
    "star": _regular(5, 0.45),
    "triangle": _regular(3),
}
