import numpy as np
import pytest

from genloom.data.scenes.stage import camera, lamps


def test_rays_through_the_image_of_a_point_lead_back_to_it() -> None:
    eye = camera()
    points = np.random.default_rng(0).uniform(-3, 3, (50, 3))
    columns, rows = eye.project(points, 64)
    ways = np.stack(eye.rays(columns, rows, 64), -1).astype(float)
    towards = points - eye.place
    cosine = (ways * towards).sum(-1) / np.linalg.norm(ways, axis=-1) / np.linalg.norm(towards, axis=-1)
    assert cosine == pytest.approx(1, abs=1e-6)


def test_the_camera_turns_without_stretching_and_looks_at_the_middle_of_the_stage() -> None:
    eye = camera(np.array([0.4, -0.2, 0.3]))
    assert eye.turn @ eye.turn.T == pytest.approx(np.eye(3), abs=1e-12)
    columns, rows = eye.project(np.zeros((1, 3)), 100)
    assert columns == pytest.approx(50, abs=2)
    assert rows == pytest.approx(50, abs=2)


def test_lamps_shine_down_and_move_without_turning() -> None:
    shifts = np.random.default_rng(0).uniform(-1, 1, (3, 3))
    for still, moved, shift in zip(lamps(), lamps(shifts), shifts, strict=True):
        assert moved.place - still.place == pytest.approx(shift, abs=1e-5)
        assert (moved.aim == still.aim).all()
        assert np.linalg.norm(still.aim) == pytest.approx(1, abs=1e-6)
        assert still.aim[2] < 0
