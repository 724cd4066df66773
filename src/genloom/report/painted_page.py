"""A page with painted sentences, in one file that loads nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genloom import __version__
from genloom.report.page import MAX_PAGE_BYTES, environment
from genloom.report.painting import Cell, html
from genloom.report.pictures import embed_pictures
from genloom.report.results import Figure, Table, write_atomically


@dataclass(frozen=True)
class Panel:
    """A painted sentence with its title and what is said below it."""

    title: str
    cells: tuple[Cell, ...]
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page: painted sentences, paragraphs, tables."""

    title: str
    panels: tuple[Panel, ...] = ()
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


def write_painted(path: Path, *, heading: str, lead: str, facts: Sequence[tuple[str, str]],
                  sections: Sequence[Section], figures: Sequence[Figure] = ()) -> Path:
    """Write the page; the figures' paths are relative to its folder, and their pictures are put into it."""
    pictures = embed_pictures(path.parent, [figure.path for figure in figures], MAX_PAGE_BYTES // 2)
    template = environment().get_template("painting.html.j2")
    text = template.render(heading=heading, lead=lead, facts=facts, sections=sections, version=__version__, html=html,
                           figures=[(figure, picture) for figure, picture in zip(figures, pictures, strict=True)
                                    if picture.uri])
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_atomically(path, text.encode())
