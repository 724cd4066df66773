from itertools import pairwise

import pytest
import torch

from genloom.data.glyphs import cells, contains, draw, glyphs, locate
from genloom.rng import generator


@pytest.mark.parametrize("character", "CS446gi%&@ÄjQ8#ßé")
def test_the_shoelace_area_is_the_area_of_the_winding_rule(character: str) -> None:
    letter = glyphs(character)[0]
    unit = torch.quasirandom.SobolEngine(2, scramble=True, seed=0).draw(8192).double()
    share = contains(letter, letter.low + (letter.high - letter.low) * unit).double().mean()
    assert float(share * (letter.high - letter.low).prod()) == pytest.approx(letter.area, rel=0.01)


@pytest.mark.parametrize("text", ["CS446", "I", "a long text", "W"])
def test_the_whole_is_centred_and_its_longer_side_is_two(text: str) -> None:
    letters = glyphs(text)
    low = torch.stack([letter.low for letter in letters]).amin(dim=0)
    high = torch.stack([letter.high for letter in letters]).amax(dim=0)
    torch.testing.assert_close(low, -high, atol=1e-12, rtol=0)
    assert (high - low).max().item() == pytest.approx(2, abs=1e-12)


def test_the_hole_of_an_o_is_outside() -> None:
    letter = glyphs("O")[0]
    middle = ((letter.low + letter.high) / 2)[None]
    assert not contains(letter, middle).item()
    stroke = torch.stack((letter.low[0] + 0.1, middle[0, 1]))[None]
    assert contains(letter, stroke).item()


def test_letters_keep_their_order_and_do_not_overlap() -> None:
    letters = glyphs("CS446")
    for left, right in pairwise(letters):
        assert left.high[0] < right.low[0]


def test_drawn_points_lie_inside_and_are_found_again() -> None:
    letters = glyphs("S 6")
    for i, letter in enumerate(letters):
        points = draw(letter, 500, generator(i))
        assert points.shape == (500, 2)
        assert (locate(letters, points) == i).all()
    assert locate(letters, torch.tensor([[0.0, 5.0]])).tolist() == [-1]


def test_strips_share_out_the_plane() -> None:
    letters = glyphs("CS446")
    low, high = cells(letters)
    x = torch.randn(500, 2, dtype=torch.float64) * 3
    inside = ((x[:, None] >= low) & (x[:, None] <= high)).all(dim=2)
    assert (inside.sum(dim=1) == 1).all()
    for i, letter in enumerate(letters):
        assert (low[i] <= letter.low).all()
        assert (letter.high <= high[i]).all()


def test_drawing_nothing_is_possible() -> None:
    assert draw(glyphs("C")[0], 0, generator(0)).shape == (0, 2)
