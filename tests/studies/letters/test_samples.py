"""S4.23: samples are judged beside the exact score's, and data pass every test."""

import torch

from genloom.recipes.judge_points import fresh
from genloom.studies.letters.samples import areas, judged, samples


def test_the_item_is_whole(tiny, check) -> None:
    check(samples, tiny)


def test_data_are_inside_and_in_proportion(here) -> None:
    found = judged(here, [fresh(here.experiment, 800, 77)], [3])
    assert found.inside.value == 1.0
    assert found.p_values[0] > 0.01
    assert all(abs(share.value - area) < 0.06 for share, area in zip(found.shares, areas(here), strict=True))
    assert abs(sum(areas(here)) - 1) < 1e-12


def test_points_in_the_wrong_place_are_found_out(here) -> None:
    found = judged(here, [fresh(here.experiment, 200, 77) + torch.tensor([0.3, 0.0])], [3])
    assert found.p_values[0] < 0.06
    assert found.energy[0] > 0.01
    assert found.inside.value < 0.7


def test_the_c_share_stands_beside_the_exact_runs(tiny) -> None:
    names = [(result.name, result.known_name) for result in samples.work(tiny).results]
    assert ("share of samples in “C”, trained network", "exact score, same algorithm and noise") in names
