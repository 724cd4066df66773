"""Masks: their values, what they hide, and that all of them come from the numbers that they are given."""

import pytest
import torch

from genloom.data import masks
from genloom.errors import InputError, UnknownName
from genloom.rng import StepRng

each = pytest.mark.parametrize("kind", masks.MASKS)


@each
@pytest.mark.parametrize("size", [4, 9, 32])
def test_masks_are_zeros_and_ones_that_hide_something_and_not_everything(kind, size):
    found = masks.draw_masks(kind, 200, size, StepRng(0, 0))
    assert found.shape == (200, 1, size, size)
    assert found.dtype == torch.float32
    assert bool(((found == 0) | (found == 1)).all())
    known = found.flatten(1).mean(1)
    assert known.min() > 0
    assert known.max() < 1


@each
def test_a_mask_is_a_function_of_seed_step_and_place(kind):
    whole = masks.draw_masks(kind, 8, 16, StepRng(3, 5))
    assert torch.equal(whole, masks.draw_masks(kind, 8, 16, StepRng(3, 5)))
    parts = [masks.draw_masks(kind, 4, 16, StepRng(3, 5, rank=rank, world=2)) for rank in range(2)]
    assert torch.equal(whole, torch.cat(parts))
    if kind != "centre":
        assert not torch.equal(whole, masks.draw_masks(kind, 8, 16, StepRng(3, 6)))


def test_the_centre_box_is_in_the_centre():
    hidden = 1 - masks.centre_box(2, 32)
    assert hidden.sum() == 2 * 16 * 16
    assert torch.equal(hidden, hidden.flip(-1))
    assert torch.equal(hidden, hidden.flip(-2))
    assert (1 - masks.centre_box(1, 32, 0.25)).sum() == 64


@pytest.mark.parametrize("size", [8, 9])
def test_the_four_halves_are_opposite_pairs_and_each_hides_a_half(size):
    left, right, upper, lower = masks.half(torch.arange(4), size)[:, 0]
    assert left[:, 0].sum() == 0
    assert left[:, -1].sum() == size
    assert torch.equal(right, left.flip(-1))
    assert torch.equal(upper, left.T)
    assert torch.equal(lower, left.T.flip(-2))
    assert (1 - left).sum() == size * (size // 2)


def test_a_box_is_where_its_numbers_say():
    """Height .2 + .3 u, width likewise, and a place such that it stays inside."""
    found = 1 - masks.boxes(torch.tensor([[[0.0, 0.999999, 0.0, 1.0]]]), 20)[0, 0]
    expected = torch.zeros(20, 20)
    expected[:4, 10:] = 1
    assert torch.equal(found, expected)


def test_the_mean_share_of_one_random_box_is_as_said():
    uniforms = torch.rand(4000, 1, 4, generator=torch.Generator().manual_seed(0))
    assert (1 - masks.boxes(uniforms, 64)).mean().item() == pytest.approx(0.35**2, abs=0.003)


def test_a_stroke_of_one_straight_piece_is_a_capsule():
    """From (.25, .5) down by .25 sides with half the width 1/24 of the side: 2 r l + π r² in area, within 3 %."""
    size = 240
    numbers = torch.tensor([[[0.25, 0.5, 0.0, 0.0, 0.5]]])
    hidden = 1 - masks.strokes(numbers, size)[0, 0]
    radius, length = size / 24, size / 4
    assert hidden.sum().item() == pytest.approx(2 * radius * length + torch.pi * radius**2, rel=0.03)
    rows, columns = hidden.nonzero().double().mean(0)
    assert rows.item() + 0.5 == pytest.approx(0.375 * size, abs=0.5)
    assert columns.item() + 0.5 == pytest.approx(0.5 * size, abs=0.5)


def test_mixed_masks_are_of_every_kind():
    found = masks.draw_masks("mixed", 400, 16, StepRng(1, 0))
    centre = (found == masks.centre_box(1, 16)).flatten(1).all(1)
    halves = torch.stack([(found == one).flatten(1).all(1) for one in masks.half(torch.arange(4), 16)]).any(0)
    assert centre.double().mean().item() == pytest.approx(0.25, abs=0.07)
    assert halves.double().mean().item() == pytest.approx(0.25, abs=0.07)


def test_bad_input_is_refused():
    with pytest.raises(UnknownName, match="did you mean 'centre'"):
        masks.draw_masks("center", 1, 8, StepRng(0, 0))
    with pytest.raises(InputError, match="size"):
        masks.draw_masks("centre", 1, 2, StepRng(0, 0))
    with pytest.raises(InputError, match="share"):
        masks.centre_box(1, 8, 1.0)
