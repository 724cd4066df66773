"""S3.8 as an item of the report."""

import pytest
import torch

from genloom.data.masks import centre_box
from genloom.rng import generator
from genloom.studies.inpainting.doors import doors
from genloom.studies.inpainting.lacks import detail, lacks, ratio_error
from genloom.studies.inpainting.work import Rooms


def test_the_item_is_whole(tiny, check) -> None:
    check(lacks, tiny)


def test_detail_counts_hidden_pairs_alone() -> None:
    """A ramp of slope 1 along the columns in a hidden 4 × 4: 4 rows of 3 pairs, each 1, whatever lies outside."""
    x = torch.arange(8.0).expand(1, 1, 8, 8).clone()
    mask = centre_box(1, 8)
    assert detail(x, mask) == 12
    assert detail(torch.where(mask == 1, 99.0, x), mask) == 12
    assert detail(torch.where(mask == 1, x, 3.0), mask) == 0


def test_the_error_of_the_ratio_is_honest() -> None:
    """Over 200 sets of doors the ratio scatters about 2 by the standard error that is stated."""
    here, found = doors(), []
    for seed in range(200):
        random = generator(seed, 0)
        truth, room = here.draw(400, random)
        drawn = here.picture(room, 2 * (torch.rand(400, generator=random) < here.chance[room]).float() - 1)
        there, mean = Rooms(here, truth, room, {}, {}), here.mean(room)
        ratio = there.score(drawn).error / there.score(mean).error
        found.append((ratio, ratio_error(there, drawn, mean)))
    ratios, errors = torch.tensor(found, dtype=torch.float64).T
    assert ratios.mean().item() == pytest.approx(2, abs=4 * ratios.std().item() / 200**0.5 + 0.01)
    assert ratios.std().item() == pytest.approx(errors.mean().item(), rel=0.2)


def test_exact_draws_have_twice_the_error_of_the_exact_mean(tiny) -> None:
    results = {result.name: result for result in lacks.work(tiny).results}
    found = results["doors: error of exact posterior draws over that of the exact mean"]
    assert found.status == "pass"
    assert found.value != 2
