import math

import pytest
import torch

from genloom.data.glyphs import glyphs, locate
from genloom.data.patterns.text import text
from genloom.errors import InputError


def test_every_point_lies_in_the_letter_of_its_label() -> None:
    drawn = text(3000, 0, classes=5)
    found = locate(glyphs("CS446"), drawn.points)
    assert (found == drawn.labels).double().mean() > 0.999  # rounding to float32 may move one across an outline
    assert drawn.class_names == ("C", "S", "4", "4", "6")


def test_a_letter_is_as_probable_as_it_is_large() -> None:
    areas = torch.tensor([letter.area for letter in glyphs("CS446")])
    shares = text(40_000, 0, classes=5).labels.bincount() / 40_000
    assert (shares - areas / areas.sum()).abs().max() < 4 * 0.4 / 200


def test_points_are_even_inside_a_letter() -> None:
    letter = glyphs("I")[0]  # a plain bar: its points are uniform in a box
    points = text(40_000, 0, text="I").points.double()
    unit = (points - letter.low) / (letter.high - letter.low)
    counts = torch.histogramdd(unit, [4, 10], range=[0.0, 1.0, 0.0, 1.0]).hist
    assert (counts - 1000).abs().max() < 5 * math.sqrt(1000)


def test_the_stated_log_density_is_that_of_the_area() -> None:
    area = sum(letter.area for letter in glyphs("hi"))
    assert f"log density {-math.log(area):.4f}" in text(1, 0, text="hi").description


@pytest.mark.parametrize("wrong", ["", "   ", "a" * 25, "中文", "a\nb", "\x00"])
def test_a_text_that_cannot_be_drawn_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match=r"data\.text"):
        text(10, 0, text=wrong)


def test_blanks_are_not_letters() -> None:
    assert text(500, 0, text="a b", classes=2).class_names == ("a", "b")
    with pytest.raises(InputError, match=r"data\.classes"):
        text(10, 0, text="a b", classes=3)
