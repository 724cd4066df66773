"""A page of cards: a picture, what is known of it, and fields for a reader to fill in; one file that loads nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genloom import __version__
from genloom.report.page import MAX_PAGE_BYTES, environment
from genloom.report.pictures import embed_pictures
from genloom.report.results import Figure, write_atomically

_MARGIN = 1000  # bytes of a page for what the pictures' notes add


@dataclass(frozen=True, kw_only=True)
class Card:
    """One picture with what is to be said of it.

    facts    pairs of a name and a text; a pair without text is left out
    fields   pairs of a name and what is written there already; an empty one is a blank field
    """

    title: str
    figure: Figure
    facts: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


def write_cards(path: Path, *, heading: str, lead: str, facts: Sequence[tuple[str, str]],
                cards: Sequence[Card]) -> Path:
    """Write the page; the figures' paths are relative to its folder, and their pictures are put into it.

    A blank field can be written into in a browser or on paper; a browser keeps nothing of it beyond its window.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    template = environment().get_template("cards.html.j2")
    paths = [card.figure.path for card in cards]

    def fill(pictures: Sequence[object]) -> str:
        return template.render(heading=heading, lead=lead, facts=facts, version=__version__,
                               cards=list(zip(cards, pictures, strict=True)))

    room = MAX_PAGE_BYTES - _MARGIN - len(fill([None] * len(cards)).encode())
    return write_atomically(path, fill(embed_pictures(path.parent, paths, room)).encode())
