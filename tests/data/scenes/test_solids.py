import numpy as np
import pytest

from genloom.data.scenes.solids import CUBE, Floats, half_width, height, meet

START = (4.0, -5.0, 4.0)
SHAPES = ("sphere", "cube", "cylinder")


def rays(count: int = 4000) -> tuple[Floats, Floats, Floats]:
    aims = np.random.default_rng(0).uniform((-1.3, -1.3, -0.2), (1.3, 1.3, 1.8), (count, 3))
    ways = (aims - START).astype(np.float32)
    return ways[:, 0], ways[:, 1], ways[:, 2]


def depth(shape: str, x: Floats, y: Floats, z: Floats, turn: float) -> Floats:
    """Positive inside of a solid of size 0.7, zero on its surface."""
    if shape == "sphere":
        return 0.7 - np.sqrt(x**2 + y**2 + (z - 0.7) ** 2)
    if shape == "cylinder":
        return np.minimum(0.7 - np.hypot(x, y), 0.7 - abs(z - 0.7))
    half = CUBE * 0.7
    along, across = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    return half - np.maximum(np.maximum(abs(along), abs(across)), abs(z - half))


@pytest.mark.parametrize("shape", SHAPES)
def test_hits_lie_on_the_surface_and_are_those_that_marching_along_the_ray_finds(shape: str) -> None:
    ways = rays()
    found = meet(shape, 0.7, 0.4, START, ways)
    at = [start + found.along * way for start, way in zip(START, ways, strict=True)]
    assert depth(shape, *at, 0.4)[found.hit] == pytest.approx(0, abs=2e-5)
    steps = np.linspace(0.3, 1.7, 1500)[:, None]
    inside = depth(shape, *(start + steps * way for start, way in zip(START, ways, strict=True)), 0.4) > 0
    assert (inside.any(0) == found.hit).mean() > 0.995
    both = inside.any(0) & found.hit
    assert np.median(abs(steps[inside.argmax(0), 0] - found.along)[both]) < 1e-3


@pytest.mark.parametrize("shape", SHAPES)
def test_normals_are_unit_vectors_along_the_fall_of_depth_and_face_the_eye(shape: str) -> None:
    ways = rays()
    found = meet(shape, 0.7, 0.4, START, ways)
    normal = np.stack(found.normal)[:, found.hit].astype(float)
    at = np.stack([start + found.along * way for start, way in zip(START, ways, strict=True)])[:, found.hit]
    assert np.linalg.norm(normal, axis=0) == pytest.approx(1, abs=1e-4)
    assert (normal * np.stack(ways)[:, found.hit]).sum(0).max() < 1e-3
    fall = depth(shape, *(at - 1e-3 * normal), 0.4) - depth(shape, *(at + 1e-3 * normal), 0.4)
    assert np.median(abs(fall - 2e-3)) < 1e-5


@pytest.mark.parametrize("shape", SHAPES)
def test_slices_are_as_wide_as_the_solid(shape: str) -> None:
    tall = height(shape, 0.7)
    heights = np.linspace(0.05, tall - 0.05, 7)
    edge = half_width(shape, 0.7, heights)
    zero = np.zeros_like(edge)
    assert depth(shape, edge, zero, heights, 0.0) == pytest.approx(0, abs=1e-6)
    assert depth(shape, zero[:1], zero[:1], np.array([tall]), 0.0) == pytest.approx(0, abs=1e-6)


def test_a_ray_along_a_face_of_a_cube_is_no_error() -> None:
    straight = tuple(np.array([value], np.float32) for value in (0, 1, -0.5))
    assert np.isfinite(meet("cube", 0.7, 0.0, (0.0, -5.0, 3.0), straight).along).all()  # type: ignore[arg-type]
