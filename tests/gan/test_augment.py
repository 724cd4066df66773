"""Changes against a plain loop, their laws, and that gradients pass through them unharmed."""

import pytest
import torch
from scipy import stats

from genloom.errors import UnknownName
from genloom.gan.augment import CHANGES, colour, cut, differentiable, shift
from genloom.rng import StepRng

WHOLE = ("colour", "shift", "cut")
X = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
MANY = torch.rand(1, 2, 16, 16, generator=torch.Generator().manual_seed(1)).expand(3000, -1, -1, -1) + 0.5


class Drawn:
    """Gives the draws it was given, one call after another."""

    def __init__(self, *draws):
        self.draws = list(draws)

    def uniform(self, shape):
        assert self.draws[0].shape == tuple(shape)
        return self.draws.pop(0)

    def integers(self, high, shape):
        assert self.draws[0].shape == tuple(shape)
        assert self.draws[0].max() < high
        return self.draws.pop(0)


def test_colour_is_brightness_then_saturation_then_contrast():
    u = torch.rand(6, 3, generator=torch.Generator().manual_seed(2))
    found = colour(X, Drawn(u))
    for x, (b, s, c), got in zip(X, u.tolist(), found, strict=True):
        bright = x + b - 0.5
        grey = (bright[0] + bright[1] + bright[2]) / 3
        vivid = torch.stack([grey + 2 * s * (channel - grey) for channel in bright])
        torch.testing.assert_close(got, vivid.mean() + (0.5 + c) * (vivid - vivid.mean()))


def test_the_middle_of_all_colours_changes_nothing():
    torch.testing.assert_close(colour(X, Drawn(torch.full((6, 3), 0.5))), X)


def test_brightness_contrast_and_saturation_have_their_ranges():
    constant = colour(torch.full((4000, 3, 4, 4), 0.2), StepRng(0, 0)).mean((1, 2, 3)) - 0.2
    assert stats.kstest(constant.double().numpy(), "uniform", (-0.5, 1)).pvalue > 1e-3  # n = 4000
    stripes = torch.ones(4000, 1, 4, 4) * torch.tensor([1.0, -1.0, 1.0, -1.0])
    contrast = colour(stripes, StepRng(0, 1)).amax((1, 2, 3)) - colour(stripes, StepRng(0, 1)).mean((1, 2, 3))
    assert stats.kstest(contrast.double().numpy(), "uniform", (0.5, 1)).pvalue > 1e-3
    reds = torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1).expand(4000, 3, 4, 4)
    changed = colour(reds, StepRng(0, 2))
    spread = (changed[:, 0] - changed[:, 2]).mean((1, 2)) / 2  # s · c
    assert spread.min() >= 0
    assert 2.6 < spread.max() <= 3
    assert spread.mean().item() == pytest.approx(1, abs=0.05)


def test_a_shift_is_a_move_by_whole_pixels_with_zeros_where_nothing_comes_from():
    """Eight rows move by at most one."""
    moves = [(r, c) for r in (0, 1, 2) for c in (0, 1, 2)][:6]
    rows, columns = (torch.tensor(part)[:, None] for part in zip(*moves, strict=True))
    found = shift(X, Drawn(rows, columns))
    for x, (r, c), got in zip(X, moves, found, strict=True):
        expected = torch.zeros_like(x)
        for i in range(8):
            for j in range(8):
                if 0 <= i + r - 1 < 8 and 0 <= j + c - 1 < 8:
                    expected[:, i, j] = x[:, i + r - 1, j + c - 1]
        assert torch.equal(got, expected)


@pytest.mark.parametrize(("size", "most"), [(28, 4), (32, 4), (64, 8), (16, 2), (4, 1)])
def test_every_shift_up_to_an_eighth_is_as_likely(size, most):
    one = torch.zeros(3000, 1, size, size)
    one[:, :, size // 2, size // 2] = 1
    places = shift(one, StepRng(0, 0)).flatten(1).argmax(1)
    rows, columns = places // size - size // 2, places % size - size // 2
    counts = torch.zeros(2 * most + 1, 2 * most + 1)
    counts.index_put_((rows + most, columns + most), torch.ones(()), accumulate=True)
    assert counts.sum() == 3000
    assert stats.chisquare(counts.flatten().numpy()).pvalue > 1e-3


@pytest.mark.parametrize("size", [8, 28, 7, 10])
def test_a_cut_is_a_square_of_half_the_size_around_any_place(size):
    side = int(size / 2 + 0.5)
    hole = cut(torch.ones(2000, 2, size, size), StepRng(0, 0)) == 0
    assert torch.equal(hole[:, 0], hole[:, 1])
    rows, columns = hole[:, 0].any(2), hole[:, 0].any(1)
    assert torch.equal(hole[:, 0], rows[:, :, None] & columns[:, None, :]), "one rectangle"
    for lines in (rows, columns):
        assert lines.sum(1).max() == side
        assert lines.sum(1).min() == (side + 1) // 2, "half of it, where its middle is at a border"
        middle = lines[:, (size - side) // 2 : (size + side) // 2].any(1).float().mean()
        assert 0.5 < middle < 1
        starts = lines.float().argmax(1)[lines.sum(1) == side]
        counts = torch.bincount(starts, minlength=size - side + 1)
        assert stats.chisquare(counts.numpy()).pvalue > 1e-3


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_not_changed_is_the_picture_itself(name):
    found = CHANGES[name](MANY, StepRng(0, 0))
    assert found.shape == MANY.shape
    assert found.dtype == MANY.dtype
    if name != "colour":
        values = set(MANY[0].flatten().tolist()) | {0.0}
        assert set(found[:40].flatten().tolist()) <= values


@pytest.mark.parametrize("policy", [("colour",), ("shift",), ("cut",), WHOLE])
def test_gradients_are_those_of_the_change_to_second_order(policy):
    x = X[:2, :, :6, :6].double().requires_grad_()
    augment = differentiable(policy)

    def changed(at):
        return augment(at, StepRng(0, 3))

    assert torch.autograd.gradcheck(changed, x)
    assert torch.autograd.gradgradcheck(lambda at: changed(at).square(), x)


@pytest.mark.parametrize("policy", [("colour",), ("shift",), ("cut",), WHOLE])
def test_a_sample_has_its_own_draws_whichever_process_has_it(policy):
    augment, x = differentiable(policy), MANY[:64]
    whole = augment(x, StepRng(0, 5))
    halves = [augment(half, StepRng(0, 5, rank=rank, world=2)) for rank, half in enumerate(x.chunk(2))]
    assert torch.equal(whole, torch.cat(halves))
    assert len({tuple(row.flatten().tolist()) for row in whole}) > 16, "and not all the same"
    assert torch.equal(whole, augment(x, StepRng(0, 5)))
    rng = StepRng(0, 5)
    assert not torch.equal(augment(x, rng), augment(x, rng)), "real ones and fakes are changed apart"


def test_changes_come_in_the_order_of_the_policy_and_none_is_none():
    assert torch.equal(differentiable(())(X, StepRng(0, 0)), X)
    found = differentiable(("cut", "colour"))(X, StepRng(0, 0))
    rng = StepRng(0, 0)
    assert torch.equal(found, colour(cut(X, rng), rng))


def test_an_unknown_change_gets_a_suggestion():
    with pytest.raises(UnknownName, match=r"augment.policy = 'color': must be one of .*; did you mean 'colour'"):
        differentiable(("shift", "color"))
