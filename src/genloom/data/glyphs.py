"""Text as polygons: the outlines of letters in the font that comes inside matplotlib, unhinted, with no font cache."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.errors import InputError

LONGEST_TEXT = 24  # beyond this a stroke is thinner than any noise level of the letter recipes
_UNITS = 1000  # outlines are read at 1000 units per em, so that the file's own coordinates survive
_PIECES = 8  # straight pieces per quadratic curve: the area of a bold "C" is then within 0.1 % of the smooth one's
_CHUNK = 1 << 21  # point–edge pairs looked at together, so that memory stays below 100 MB


class Glyph(NamedTuple):
    """One letter: straight edges whose interior has a non-zero winding number.

    name    the character
    edges   (E, 4) float64: x1, y1, x2, y2
    low     lower left corner of the bounding box, (2,)
    high    upper right corner, (2,)
    area    of the interior
    """

    name: str
    edges: Tensor
    low: Tensor
    high: Tensor
    area: float


def glyphs(text: str) -> tuple[Glyph, ...]:
    """The letters of `text` in DejaVu Sans Bold, centred on the origin, the longer side of the whole from −1 to 1.

    Blanks leave room and give no letter.

    Errors: `InputError` for no letter, more than 24 characters, or a character that the font does not have.
    """
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise InputError("data.text", text, f"1 to {LONGEST_TEXT} characters, not all blank")
    letters = [(name, edges) for name, edges in _outlines(text) if len(edges)]
    corners = np.concatenate([edges.reshape(-1, 2) for _, edges in letters])
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale, centre = 2 / (high - low).max(), (high + low) / 2
    return tuple(_glyph(name, (edges - np.tile(centre, 2)) * scale) for name, edges in letters)


def contains(glyph: Glyph, points: Tensor) -> Tensor:
    """Which of the points (N, 2) lie inside the letter, (N,) bool, by the non-zero winding rule."""
    rows = max(1, _CHUNK // len(glyph.edges))
    return torch.cat([_winding(glyph.edges, some) != 0 for some in torch.split(points.double(), rows)])


def locate(letters: tuple[Glyph, ...], points: Tensor) -> Tensor:
    """Index of the letter that each point (N, 2) lies in, −1 where it is in none, (N,) int64."""
    found = torch.full((len(points),), -1)
    for i, letter in enumerate(letters):
        found[contains(letter, points)] = i
    return found


def cells(letters: tuple[Glyph, ...]) -> tuple[Tensor, Tensor]:
    """Corners (P, 2), (P, 2) of the vertical strips that share out the plane between letters, cut halfway in each gap.

    The outermost strips are infinite, so every point of the plane belongs to one letter's strip.
    """
    right = torch.stack([letter.high[0] for letter in letters])
    left = torch.stack([letter.low[0] for letter in letters])
    cuts = torch.cat((torch.tensor([-torch.inf]).double(), (right[:-1] + left[1:]) / 2,
                      torch.tensor([torch.inf]).double()))
    endless = torch.full_like(right, torch.inf)
    return torch.stack((cuts[:-1], -endless), dim=1), torch.stack((cuts[1:], endless), dim=1)


def draw(glyph: Glyph, count: int, generator: torch.Generator) -> Tensor:
    """Points uniform in a letter, (N, 2) float64, by rejection from its bounding box."""
    kept = torch.empty(0, 2, dtype=torch.float64)
    box = float((glyph.high - glyph.low).prod())
    while len(kept) < count:
        tries = int((count - len(kept)) * box / glyph.area * 1.05) + 16
        unit = torch.rand((tries, 2), generator=generator, dtype=torch.float64)
        points = glyph.low + (glyph.high - glyph.low) * unit
        kept = torch.cat((kept, points[contains(glyph, points)]))
    return kept[:count]


def _glyph(name: str, edges: np.ndarray) -> Glyph:
    ends = edges.reshape(-1, 2)
    low, high = torch.from_numpy(ends.min(axis=0)), torch.from_numpy(ends.max(axis=0))
    # the shoelace formula; holes run the other way round, so they count negative
    area = abs(float((edges[:, 0] * edges[:, 3] - edges[:, 2] * edges[:, 1]).sum() / 2))
    return Glyph(name, torch.from_numpy(edges), low, high, area)


def _outlines(text: str) -> list[tuple[str, np.ndarray]]:
    import matplotlib
    from matplotlib import ft2font

    font = ft2font.FT2Font(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"))
    font.set_size(_UNITS, 72)
    flags: Any = getattr(getattr(ft2font, "LoadFlags", None), "NO_HINTING", 2)  # before 3.10 it was the number itself
    outlines, pen = [], 0.0
    for character in text:
        if font.get_char_index(ord(character)) == 0 or not character.isprintable():
            raise InputError("data.text", text, "characters of the font DejaVu Sans", f"it has no {character!r}")
        glyph = font.load_char(ord(character), flags=flags)
        vertices, codes = font.get_path()
        outlines.append((character, _edges(np.asarray(vertices) + np.array((pen, 0.0)), np.asarray(codes))))
        pen += glyph.linearHoriAdvance / 65536  # 16.16 fixed point
    return outlines


def _edges(vertices: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Closed contours of lines and quadratic curves (a TrueType font has no others) as straight edges (E, 4)."""
    move, line, curve, close = 1, 2, 3, 79  # the codes of matplotlib.path.Path
    share = np.linspace(0, 1, _PIECES + 1)[1:, None]
    corners: list[np.ndarray] = []
    edges: list[np.ndarray] = []
    i = 0
    while i < len(codes):
        if codes[i] == curve:
            start, control, end = corners[-1], vertices[i], vertices[i + 1]
            corners += list((1 - share) ** 2 * start + 2 * share * (1 - share) * control + share**2 * end)
            i += 1
        elif codes[i] in (move, line):
            corners.append(vertices[i])
        if codes[i] == close or i + 1 == len(codes) or codes[i + 1] == move:
            ring = np.array(corners)
            edges.append(np.hstack((ring, np.roll(ring, -1, axis=0))) if len(ring) else np.empty((0, 4)))
            corners = []
        i += 1
    return np.concatenate(edges) if edges else np.empty((0, 4))


def _winding(edges: Tensor, points: Tensor) -> Tensor:
    """How often the edges run around each point: upward edges to its right count +1, downward ones −1."""
    x, y = points[:, :1], points[:, 1:]
    x1, y1, x2, y2 = edges.T
    left = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
    up = (y1 <= y) & (y < y2) & (left > 0)
    down = (y2 <= y) & (y < y1) & (left < 0)
    turns: Tensor = up.sum(dim=1) - down.sum(dim=1)
    return turns
