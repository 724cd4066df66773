"""Corruptions do what their names say."""

import torch

from genloom.studies.guided_sampling.corrupted import COPIES, KINDS, REAL, blur, tried
from genloom.studies.guided_sampling.judges import kept
from genloom.studies.guided_sampling.work import digits


def test_blur_keeps_flat_pictures_and_spreads_points() -> None:
    flat = torch.full((1, 1, 9, 9), 77, dtype=torch.uint8)
    assert torch.equal(blur(flat, 1.5), flat)
    point = torch.zeros(1, 1, 21, 21, dtype=torch.uint8)
    point[0, 0, 10, 10] = 255
    spread = blur(point, 1.0)[0, 0].double()
    assert spread[10, 10] == round(255 / (2 * torch.pi))
    assert abs(spread.sum() - 255) < 12  # bytes are rounded


def test_every_set_has_the_same_number(tiny) -> None:
    assert {each.scores.n for each in tried(tiny).values()} == {96}
    assert set(tried(tiny)) == set(KINDS)


def test_copies_are_found_and_others_are_not(tiny) -> None:
    found = tried(tiny)
    assert found["training pictures"].copied == 1
    assert found[REAL].copied == 0
    assert found[f"each {COPIES} times"].alike == 1 - 1 / COPIES


def test_more_noise_is_worse(tiny) -> None:
    found = tried(tiny)
    assert found[REAL].scores.frechet < found["faintly noised"].scores.frechet < found["noised"].scores.frechet


def test_real_sets_come_from_the_kept_pictures(tiny) -> None:
    assert len(kept(digits(tiny)).labels) >= 96
