import numpy as np
import pytest

from genloom.data.scenes.light import closeness, lit, shade, shadow_corners, shadow_reaches, together
from genloom.data.scenes.scene import Body
from genloom.data.scenes.solids import Floats, meet
from genloom.data.scenes.stage import Lamp, camera

SHAPES = ("sphere", "cube", "cylinder")


def lamp(x: float, y: float, z: float, radius: float = 0.5) -> Lamp:
    return Lamp(np.array([x, y, z], np.float32), np.array([0, 0, -1], np.float32),
                np.array([1, 0.5, 0.25], np.float32), radius)


def body(shape: str, x: float = 0.0, y: float = 0.0) -> Body:
    return Body(colour="red", shape=shape, size=0.7, material="rubber", x=x, y=y, turn=0.3)


def floor(*, far: float = 4.0, count: int = 3000) -> tuple[Floats, Floats, Floats]:
    places = np.random.default_rng(0).uniform(-far, far, (2, count)).astype(np.float32)
    return places[0], places[1], np.zeros(count, np.float32)


def test_light_falls_with_the_square_of_the_distance_and_the_cosines() -> None:
    zero = np.zeros(1, np.float32)
    assert lit(lamp(0, 0, 3), (zero, zero, zero)) == pytest.approx(1 / 9)
    away = np.array([4], np.float32)  # 3-4-5: cosine 3/5 at the lamp and at the floor, distance 5
    assert lit(lamp(0, 0, 3), (away, zero, zero)) == pytest.approx((3 / 5) ** 2 / 25)
    assert lit(lamp(0, 0, 3), (zero, zero, zero), (zero, zero, zero - 1)) == 0
    assert lit(lamp(0, 0, 3), (away, zero, zero + 4)) == 0  # above the lamp


def test_lamps_add_up_by_their_colours() -> None:
    ones = np.ones(2, np.float32)
    got = together([lamp(0, 0, 3), lamp(1, 1, 4)], [ones, 2 * ones])
    assert got == pytest.approx(np.array([[3, 1.5, 0.75]] * 2))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shadow_of_a_small_lamp_is_where_rays_to_it_meet_the_object(shape: str) -> None:
    point = lamp(3, -2, 5, radius=0.01)
    points = floor(far=3)
    thing = body(shape, 0.2, -0.1)
    ways = tuple((points[i] - point.place[i]) for i in range(3))
    start = (float(point.place[0]) - thing.x, float(point.place[1]) - thing.y, float(point.place[2]))
    met = meet(shape, 0.7, thing.turn, start, ways).hit  # type: ignore[arg-type]
    hidden = shade(thing, point, points) > 0.5
    assert met.sum() > 100
    assert (hidden & met).sum() / (hidden | met).sum() > 0.93


@pytest.mark.parametrize("shape", SHAPES)
def test_a_wide_lamp_softens_shadows_far_away_and_keeps_them_dark_below(shape: str) -> None:
    points = floor()
    sharp, soft = shade(body(shape), lamp(3, -2, 5, 0.02), points), shade(body(shape), lamp(3, -2, 5, 0.8), points)
    assert ((sharp > 0.01) & (sharp < 0.99)).mean() < ((soft > 0.01) & (soft < 0.99)).mean() / 3
    under = (np.hypot(points[0], points[1]) < 0.2)
    assert soft[under].min() > 0.95
    assert soft.min() == 0
    assert soft.max() <= 1


def test_points_above_an_object_are_not_in_its_shadow() -> None:
    x, y, z = floor(far=1)
    assert shade(body("cube"), lamp(3, -2, 5), (x, y, z + 1.5)).max() == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_the_hull_of_the_corners_holds_the_shadow(shape: str) -> None:
    for light in (lamp(5.6, -3, 4.6), lamp(-5.4, -3.2, 3.7, 0.8), lamp(-0.7, 3.4, 5.8)):
        thing, points, eye = body(shape, 1.0, -0.5), floor(far=5, count=6000), camera()
        dark = shade(thing, light, points) > 0.02
        columns, rows = eye.project(np.stack(points, -1)[dark], 64)
        edge_columns, edge_rows = eye.project(shadow_corners(thing, light), 64)
        assert edge_columns.min() <= columns.min() <= columns.max() <= edge_columns.max()
        assert edge_rows.min() <= rows.min() <= rows.max() <= edge_rows.max()


def test_an_object_that_shades_another_is_between_it_and_the_lamp() -> None:
    light = lamp(6, 0, 4)
    assert shadow_reaches(body("cube", 2.5, 0), light, body("cube"))
    assert not shadow_reaches(body("cube", -2.6, 0), light, body("cube"))
    assert not shadow_reaches(body("cube", 1.0, 3.0), light, body("cube"))


def test_an_object_hides_all_the_sky_where_it_touches_and_little_far_away() -> None:
    near, far = np.zeros(1, np.float32), np.full(1, 4.0, np.float32)
    assert closeness(body("sphere"), (near, near, near)) == pytest.approx(1)
    assert closeness(body("sphere"), (far, near, near)) == pytest.approx(0.7**3 / (16 + 0.49) ** 1.5)
