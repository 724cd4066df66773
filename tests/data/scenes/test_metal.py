import numpy as np
import pytest

from genloom.data.scenes.light import lit, together
from genloom.data.scenes.metal import mirrored
from genloom.data.scenes.stage import AMBIENT, lamps


def one(*values: float) -> tuple[np.ndarray, ...]:  # type: ignore[type-arg]
    return tuple(np.array([value], np.float32) for value in values)


def test_a_mirror_on_its_side_shows_the_floor_that_the_ray_would_reach() -> None:
    """Going along −x and down, a wall with the normal +x turns the ray to +x and down: it meets the floor 1 further."""
    got = mirrored(lamps(), one(1, 0, 1), one(1, 0, 0), one(-1, 0, -1))
    floor = one(2, 0, 0)
    assert got == pytest.approx(together(lamps(), [lit(lamp, floor) for lamp in lamps()]) + AMBIENT, rel=2e-2)


def test_a_mirror_that_shows_the_sky_is_as_bright_as_the_light_from_everywhere() -> None:
    got = mirrored(lamps(), one(0, 0, 1.4), one(0, 0, 1), one(0.2, 0.9, -0.1))
    assert got == pytest.approx(AMBIENT[None], rel=0.05)


def test_a_mirrored_lamp_glares() -> None:
    lamp = lamps()[0]
    towards = lamp.place - np.array([0, 0, 1.4])
    down = towards * (1, 1, -1)  # what a level mirror turns towards the lamp
    got = mirrored([lamp], one(0, 0, 1.4), one(0, 0, 1), one(*down))
    aside = mirrored([lamp], one(0, 0, 1.4), one(0, 0, 1), one(*(down * (-1, 1, 1))))
    assert got.min() > aside.min() + 0.3
