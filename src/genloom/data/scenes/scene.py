"""What stands where: objects without overlap, the first in the middle, seen under lamps that jitter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from genloom.data.images.labelsets import COLOURS, NAMES, SHAPES
from genloom.data.scenes.stage import Camera, Lamp, camera, lamps
from genloom.errors import InputError, UnknownName
from genloom.rng import fold

Size = Literal["large", "small"]
Material = Literal["rubber", "metal"]

SIZES: dict[str, float] = {"large": 0.7, "small": 0.35}
"""Radius of the spheres and cylinders of each size, CLEVR's own."""
MOST = 6
"""Objects for which there is room on the stage."""
_EDGE, _HOLE, _APART = 3.25, 2.45, 2.6  # of the places in i-CLEVR's pictures: within, around the first, from each other
_TRIES = 64


@dataclass(frozen=True, kw_only=True)
class Look:
    """What scenes may look like; the default is i-CLEVR's world, in which all is large and of rubber.

    sizes, materials   what objects are made of, each equally likely
    camera_jitter      largest shift of the camera along each axis; CLEVR has 0.5, i-CLEVR none
    lamp_jitter        largest shift of each lamp along each axis
    grain              the renderer's noise, the same in all pictures, as levels of 255 at the back of the stage
    samples            rays along each side of a pixel of an object
    """

    sizes: tuple[Size, ...] = ("large",)
    materials: tuple[Material, ...] = ("rubber",)
    camera_jitter: float = 0.05
    lamp_jitter: float = 1.0
    grain: float = 2.0
    samples: int = 3

    def __post_init__(self) -> None:
        if not self.sizes or set(self.sizes) - set(SIZES):
            raise InputError("look.sizes", self.sizes, "one or both of large and small")
        if not self.materials or set(self.materials) - {"rubber", "metal"}:
            raise InputError("look.materials", self.materials, "one or both of rubber and metal")
        for name, value, most in (("camera_jitter", self.camera_jitter, 2.0), ("lamp_jitter", self.lamp_jitter, 2.0),
                                  ("grain", self.grain, 20.0)):
            if not 0 <= value <= most:
                raise InputError(f"look.{name}", value, f"from 0 to {most:g}")
        if not 1 <= self.samples <= 8:
            raise InputError("look.samples", self.samples, "from 1 to 8")


ICLEVR = Look()
"""The world of i-CLEVR."""
CLEVR = Look(sizes=("large", "small"), materials=("rubber", "metal"), camera_jitter=0.5)
"""The wider world of CLEVR: two sizes, two materials, and a camera that moves."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """An object on the stage: what it is, where it stands, and how it is turned."""

    colour: str
    shape: str
    size: float
    material: Material
    x: float
    y: float
    turn: float

    @property
    def name(self) -> str:
        """Its label."""
        return f"{self.colour} {self.shape}"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Objects under a camera and lamps."""

    bodies: tuple[Body, ...]
    camera: Camera
    lamps: tuple[Lamp, ...]
    look: Look

    def first(self, count: int) -> "Scene":
        """The same scene before its later objects came."""
        return replace(self, bodies=self.bodies[:count])


def compose(labels: Sequence[str], seed: int, look: Look = ICLEVR) -> Scene:
    """A scene with one object of each label, in their order, as a function of (labels, seed, look).

    The first object stands in the middle, each other at a random place around it, not nearer than 2.6 to another. What
    is drawn for an object depends on its place in the order alone.

    labels   one to six different names, as "red cube"

    Errors: `UnknownName`; `InputError` for no label, too many, or one twice.
    """
    _check(labels)
    world = np.random.default_rng(fold(seed, 0))
    moved = look.camera_jitter * (2 * world.random(3) - 1)
    shifts = look.lamp_jitter * (2 * world.random((3, 3)) - 1)
    bodies: list[Body] = []
    for attempt in range(_TRIES):
        bodies = []
        for number, label in enumerate(labels):
            body = _place(label, number, bodies, np.random.default_rng(fold(seed, number + 1, attempt)), look)
            if body is None:
                break
            bodies.append(body)
        else:
            break
    return Scene(bodies=tuple(bodies), camera=camera(moved), lamps=lamps(shifts), look=look)


def _check(labels: Sequence[str]) -> None:
    for label in labels:
        if label not in NAMES:
            raise UnknownName("labels", label, NAMES)
    if not 1 <= len(labels) <= MOST or len(set(labels)) < len(labels):
        raise InputError("labels", ", ".join(labels), f"one to {MOST} objects, no two alike")


def _place(label: str, number: int, others: list[Body], draws: np.random.Generator, look: Look) -> Body | None:
    colour, _, shape = label.partition(" ")
    assert colour in COLOURS
    assert shape in SHAPES
    size = SIZES[look.sizes[draws.integers(len(look.sizes))]]
    material = look.materials[draws.integers(len(look.materials))]
    turn = float(draws.random()) * np.pi / 2
    places = _EDGE * (2 * draws.random((_TRIES, 2)) - 1)
    if number == 0:
        places[:] = 0.0
    good = np.ones(_TRIES, bool)
    for index, other in enumerate(others):
        away = np.hypot(places[:, 0] - other.x, places[:, 1] - other.y)
        good &= away > (_HOLE if index == 0 else _APART)
    if not good.any():
        return None
    x, y = places[int(good.argmax())]
    return Body(colour=colour, shape=shape, size=size, material=material, x=float(x), y=float(y), turn=turn)
