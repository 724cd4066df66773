"""A sentence whose words are painted by numbers: on a terminal, in a page, and as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from genloom.report.figures import INK, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.text import Text

_PAPER, _DEEP = (255, 255, 255), (0, 66, 116)
_KEPT = "\u00a0\u202f"
"""Blanks that part no line, which are not printable to Python and are to a font."""
_READABLE = 4.5
_BARS = " ▁▂▃▄▅▆▇█"
_POINTS, _SMALL = 12.5, 8.0
_ROW, _PAD, _GAP = 40.0, 7.0, 5.0
"""Points: the height of a row of words, the room inside a word's box at each side, and between boxes."""


@dataclass(frozen=True)
class Cell:
    """A word and its number.

    share    in [0, 1] how deep its colour is; None is a word without a number, which stands in a frame
    label    the number in words, below it
    title    what is said of it where there is room, as when a pointer rests on it
    """

    text: str
    share: float | None
    label: str = ""
    title: str = ""


def shares(values: Sequence[float], top: float = 0.0) -> list[float]:
    """Depths of colour for numbers ≥ 0, in proportion to them; `top`, or else the largest, is the deepest.

    >>> shares([0.0, 0.25, 0.5])
    [0.0, 0.5, 1.0]
    """
    top = top or max(values, default=0.0)
    return [min(1.0, max(0.0, value) / top) if top > 0 else 0.0 for value in values]


def shade(share: float) -> tuple[str, str]:
    """The colours of a word's ground and of its letters, of which the contrast is at least 4.5 to 1. [WCAG 2.2, 1.4.3]

    >>> shade(0.0), shade(1.0)
    (('#ffffff', '#22252b'), ('#004274', '#ffffff'))
    """
    ground = [round(light + (dark - light) * share) for light, dark in zip(_PAPER, _DEEP, strict=True)]
    colour = "#" + "".join(f"{part:02x}" for part in ground)
    for letters in (INK, "#ffffff"):
        if contrast(colour, letters) >= _READABLE:
            return colour, letters
    return colour, "#000000"  # between the two, where black is still told apart: √(1.05 / 0.05) > 4.5


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances, in [1, 21]. [WCAG 2.2]"""
    bright, dark = sorted((_luminance([int(each[k : k + 2], 16) for k in (1, 3, 5)]) for each in (one, other)),
                          reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: Sequence[int]) -> float:
    parts = [(part / 255) for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def terminal(cells: Sequence[Cell], width: int = 80) -> "list[Text]":
    """Lines for a terminal, three for each row of words: the words, bars, and numbers, so that nothing needs colour."""
    from rich.cells import cell_len
    from rich.text import Text

    lines: list[Text] = []
    used = width
    for cell in cells:
        word = cell.text if cell.share is not None else f"[{cell.text}]"
        size = min(max(cell_len(word), cell_len(cell.label)) + 2, max(width, 8))
        if used + size > width:
            lines += [*([Text()] if lines else []), Text(), Text(), Text()]
            used = 0
        style, bar = "bold", " "
        if cell.share is not None:
            ground, letters = shade(cell.share)
            style, bar = f"{letters} on {ground}", _BARS[round(cell.share * (len(_BARS) - 1))]
        for line, text, own in zip(lines[-3:], (word, bar * (size - 2), cell.label), (style, "blue", "dim"),
                                   strict=True):
            line.append(_centred(text, size), own)
        used += size
    return lines


def _centred(text: str, size: int) -> str:
    from rich.cells import cell_len, set_cell_size

    text = set_cell_size(text, size - 2).rstrip() if cell_len(text) > size - 2 else text
    room = size - cell_len(text)
    return " " * (room // 2) + text + " " * (room - room // 2)


def html(cells: Sequence[Cell]) -> Markup:
    """The words as spans with their numbers below; the classes are those of `painting.html.j2`."""
    spans = []
    for cell in cells:
        look = Markup("")
        if cell.share is not None:
            look = Markup(' style="background:{};color:{}"').format(*shade(cell.share))
        spans.append(Markup('<span class="{}" title="{}"><b{}>{}</b><i>{}</i></span>').format(
            "word framed" if cell.share is None else "word", cell.title, look, cell.text,
            cell.label or Markup("&nbsp;")))
    return Markup('<p class="painted">{}</p>').format(Markup("\n").join(spans))


@dataclass(frozen=True)
class Laid:
    """Where the words of a painting stand: (left, row, width) each, in points, and the number of rows."""

    places: tuple[tuple[float, int, float], ...]
    rows: int

    @property
    def height(self) -> float:
        """Inches that it takes."""
        return self.rows * _ROW / 72


def laid(cells: Sequence[Cell], inches: float) -> Laid:
    """Words set in rows of this width."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    def width(text: str, points: float) -> float:
        font = FontProperties(family="DejaVu Sans", size=points)
        return float(TextToPath().get_text_width_height_descent(drawable(text) or " ", font, ismath=False)[0])

    places, left, row = [], 0.0, 0
    for cell in cells:
        own = max(width(cell.text, _POINTS), width(cell.label, _SMALL)) + 2 * _PAD
        if left and left + own > inches * 72:
            left, row = 0.0, row + 1
        places.append((left, row, own))
        left += own + _GAP
    return Laid(tuple(places), row + 1 if places else 0)


def drawable(text: str) -> str:
    """The text with a box for each character that the figures' font has not.

    >>> drawable("a\\u0001ß")
    'a□ß'
    """
    from matplotlib.font_manager import findfont, get_font

    font = get_font(findfont("DejaVu Sans"))
    return "".join(sign if font.get_char_index(ord(sign)) and (sign.isprintable() or sign in _KEPT) else "□"
                   for sign in text)


@styled()
def draw(axes: "Axes", cells: Sequence[Cell], inches: float, title: str = "") -> None:
    """The words in their boxes; the axes are to be `inches` wide and `laid(cells, inches).height` high."""
    from matplotlib.patches import FancyBboxPatch

    placed = laid(cells, inches)
    axes.set(xlim=(0, inches * 72), ylim=(-placed.rows * _ROW, 0))
    axes.set_axis_off()
    axes.set_title(drawable(title), parse_math=False)
    for cell, (left, row, width) in zip(cells, placed.places, strict=True):
        ground, letters = shade(cell.share) if cell.share is not None else ("#ffffff", INK)
        edge: dict[str, Any] = {"edgecolor": "#c9d3dd", "linewidth": 0.6}
        if cell.share is None:
            edge = {"edgecolor": INK, "linewidth": 1.2, "linestyle": (0, (3, 2))}
        top = -row * _ROW - 2
        axes.add_patch(FancyBboxPatch((left + 2, top - 21), width - 4, 19, boxstyle="round,pad=1.5,rounding_size=3",
                                      facecolor=ground, **edge))
        common: dict[str, Any] = {"ha": "center", "va": "center", "parse_math": False}
        axes.text(left + width / 2, top - 11.5, drawable(cell.text), fontsize=_POINTS, color=letters, **common)
        axes.text(left + width / 2, top - 29, drawable(cell.label), fontsize=_SMALL, color="#5b6270", **common)
