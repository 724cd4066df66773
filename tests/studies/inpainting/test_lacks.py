"""S3.8 as an item of the report."""

import pytest
import torch

from genloom.data.masks import centre_box
from genloom.studies.inpainting.lacks import detail, lacks


def test_the_item_is_whole(tiny, check) -> None:
    check(lacks, tiny)


def test_detail_counts_hidden_pairs_alone() -> None:
    """A ramp of slope 1 along the columns in a hidden 4 × 4: 4 rows of 3 pairs, each 1, whatever lies outside."""
    x = torch.arange(8.0).expand(1, 1, 8, 8).clone()
    mask = centre_box(1, 8)
    assert detail(x, mask) == 12
    assert detail(torch.where(mask == 1, 99.0, x), mask) == 12
    assert detail(torch.where(mask == 1, x, 3.0), mask) == 0


def test_exact_draws_have_twice_the_error_of_the_exact_mean(tiny) -> None:
    results = {result.name: result for result in lacks.work(tiny).results}
    found = results["doors: error of exact posterior draws over that of the exact mean"]
    assert found.value == pytest.approx(2, abs=0.3)
