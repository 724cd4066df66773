"""Painted words: what is painted can be read, with and without colour, and harms nobody."""

from itertools import pairwise

import pytest

from genloom.report.figures import canvas, png
from genloom.report.painting import Cell, contrast, draw, drawable, html, laid, shade, shares, terminal

CELLS = [Cell("squirrel", 1.0, "42 %"), Cell("a", 0.0, "0.1 %"), Cell("walnut", None, "predicted")]


def test_letters_can_be_read_on_every_ground() -> None:
    for k in range(101):
        ground, letters = shade(k / 100)
        assert contrast(ground, letters) >= 4.5
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


def test_a_larger_number_has_a_darker_ground() -> None:
    grounds = [contrast(shade(k / 20)[0], "#000000") for k in range(21)]
    assert all(pale > deep for pale, deep in pairwise(grounds))


def test_depths_are_in_proportion() -> None:
    assert shares([1.0, 2.0], top=4) == [0.25, 0.5]
    assert shares([0.0, 0.0]) == [0.0, 0.0]
    assert shares([-1.0, 3.0]) == [0.0, 1.0]
    assert shares([]) == []


def test_a_terminal_without_colour_shows_words_bars_and_numbers_in_columns() -> None:
    words, bars, numbers = (line.plain for line in terminal(CELLS, 60))
    for cell in CELLS:
        assert cell.text in words
        assert cell.label in numbers
    assert "[walnut]" in words
    start = words.index("squirrel")
    assert bars[start : start + 8] == "████████"
    assert len(words) == len(bars) == len(numbers)


@pytest.mark.parametrize("width", [4, 12, 20, 33])
def test_rows_are_no_wider_than_the_terminal(width: int) -> None:
    from rich.cells import cell_len

    lines = terminal([*CELLS * 4, Cell("松鼠" * 20, 0.5, "9 %")], width)
    assert all(cell_len(line.plain) <= max(width, 8) for line in lines)
    words = "".join(line.plain for line in lines).split()
    assert width < 12 or words.count("squirrel") == 4


def test_html_escapes_and_says_everything() -> None:
    text = str(html([Cell("<script>", 0.5, "5 %", 'a "title" & more'), Cell("x", None)]))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "a &#34;title&#34; &amp; more" in text
    assert "5 %" in text
    assert "framed" in text
    assert text.count("<span") == 2


def test_words_are_laid_in_rows_that_do_not_overlap() -> None:
    placed = laid(CELLS * 6, 5)
    assert placed.rows > 1
    for (left, row, width), (after, next_row, _) in pairwise(placed.places):
        assert left + width <= 5 * 72
        assert next_row == row + 1 or after >= left + width
    assert placed.height == pytest.approx(placed.rows * 40 / 72)
    assert laid([], 5).rows == 0


def test_any_text_can_be_drawn() -> None:
    """Warnings are errors here: no glyph is missing, and a dollar sign is no formula."""
    cells = [Cell("松鼠", 0.3, "3 %"), Cell("$x_1$", 0.4, "$"), Cell("\x07", 0.1, "1 %"), Cell("⏎", 1.0, "9 %")]
    figure, (axes,) = canvas(5, laid(cells, 5).height + 0.4)
    draw(axes, cells, 5, "why “$x$” 松")
    assert png(figure, {})[:4] == b"\x89PNG"
    assert [text.get_text() for text in axes.texts][::2] == ["□□", "$x_1$", "□", "⏎"]


def test_what_the_font_lacks_is_a_box() -> None:
    assert drawable("café 松∎ 5\u00a0%") == "café □∎ 5\u00a0%"
