"""Shares of pictures weigh label sets alike, and pictures are those of the model."""

import pytest
import torch

from genloom.studies.text_to_image.own_model import SIZES, Sizes, drawn, hot, real, share, sizes


def test_a_share_weighs_label_sets_alike() -> None:
    which, groups = torch.tensor([True, True, True, False]), torch.tensor([0, 0, 0, 1])
    found = share(which, groups)
    assert found.value == pytest.approx(0.5)
    assert found.low < 0.5 < found.high


def test_all_or_nothing_still_has_an_interval() -> None:
    found = share(torch.ones(50, dtype=torch.bool), torch.arange(50))
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.9 < found.low < 0.95, "Wilson's"


def test_pictures_of_each_set(bare) -> None:
    sets = hot(bare, [("red cube", "blue sphere"), ("gray cube",)])
    found = drawn(bare, sets, 2, "a try")
    assert found.pictures.shape == (4, 3, 16, 16)
    assert found.groups.tolist() == [0, 1, 0, 1]
    assert torch.equal(found.sets[2], sets[0])
    assert found.logits.shape == (4, 24)
    known = real(bare, sets)
    assert set(known.groups.tolist()) == {0, 1}


def test_sizes_are_the_tier_s(bare) -> None:
    assert sizes(bare).counted == 8
    assert set(SIZES) == {"laptop", "gpu"}
    assert SIZES["laptop"] == Sizes()
