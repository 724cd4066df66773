"""One self-contained HTML page: everything of a run or study, readable offline, on paper and without JavaScript."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from genloom import __version__
from genloom.errors import DataError
from genloom.report import numbers, verdict
from genloom.report.maths import mathml, with_maths
from genloom.report.pictures import Picture, embed_pictures
from genloom.report.results import Figure, Item, Page, write_atomically, write_results

MAX_PAGE_BYTES = 5_000_000
MAX_ROWS = 400  # of a table; all of them are in results.json


class Shown(NamedTuple):
    """A figure with its picture."""

    figure: Figure
    picture: Picture
    anchor: str


class Section(NamedTuple):
    """An item with its place on the page."""

    item: Item
    anchor: str
    badge: verdict.Badge
    figures: list[Shown]


def write_page(page: Page, folder: Path) -> Path:
    """Write `report.html` and `results.json` into the folder that the figures' paths are relative to.

    The HTML file has at most 5 MB and loads nothing: pictures are inside it, made smaller where they must be.
    Returns its path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_results(page, folder / "results.json")
    return write_atomically(folder / "report.html", render(page, folder).encode())


def render(page: Page, folder: Path) -> str:
    """The page as HTML."""
    paths = [figure.path for item in page.items for figure in item.figures]
    text = _fill(page, [Picture(note="x" * 160) for _ in paths])
    return _fill(page, embed_pictures(folder, paths, MAX_PAGE_BYTES - len(text.encode()) - 1000))


def _fill(page: Page, pictures: list[Picture]) -> str:
    sections = list(_sections(page, iter(pictures)))
    problems = verdict.problems(page) + [shown.picture.problem for section in sections for shown in section.figures
                                         if shown.picture.problem]
    counts = {key: sum(section.badge.key == key for section in sections) for key in verdict.SIGNS}
    template = environment().get_template("page.html.j2")
    return template.render(page=page, sections=sections, problems=problems, counts=counts, version=__version__,
                           score=verdict.page_score(page), headline=verdict.headline(page), max_rows=MAX_ROWS)


def _sections(page: Page, pictures: Iterator[Picture]) -> Iterator[Section]:
    taken: set[str] = set()
    for item in page.items:
        anchor = base = re.sub(r"[^A-Za-z0-9.-]+", "-", item.number).strip("-") or "item"
        count = 1
        while anchor in taken:
            count += 1
            anchor = f"{base}-{count}"
        taken.add(anchor)
        figures = [Shown(figure, next(pictures), f"{anchor}-figure-{k}") for k, figure in enumerate(item.figures, 1)]
        yield Section(item, anchor, verdict.item_badge(item), figures)


@cache
def environment() -> Environment:
    """The templates of pages, which escape everything that is no markup of ours."""
    environment = Environment(loader=PackageLoader("genloom.report"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    filters: dict[str, Any] = {
        "paragraph": paragraph, "measured": numbers.measured, "known": numbers.known, "duration": numbers.duration,
        "spans": verdict.spans, "mark": verdict.mark, "badge": verdict.result_badge, "kinds": verdict.column_kinds,
        "derived": derived, "question": question,
    }  # fmt: skip
    environment.filters.update(filters)
    environment.globals["signs"] = verdict.SIGNS
    return environment


def paragraph(text: str) -> Markup:
    """A paragraph as HTML: `x` in backquotes as code, lines that all start with four spaces as a block.

    >>> paragraph("`a < b` holds")
    Markup('<p><code>a &lt; b</code> holds</p>')
    """
    lines = text.rstrip().splitlines()
    if lines and all(line.startswith("    ") or not line.strip() for line in lines):
        return Markup("<pre>{}</pre>").format("\n".join(line[4:] for line in lines))
    pieces = re.split(r"`([^`\n]+)`", text.strip())
    marked = [Markup("<code>{}</code>").format(piece) if k % 2 else escape(piece) for k, piece in enumerate(pieces)]
    return Markup("<p>{}</p>").format(Markup("").join(marked))


def derived(text: str) -> Markup:
    """A step of a derivation as HTML: words with formulas between dollar signs, or `$$…$$`, a formula of its own.

    What is no readable LaTeX stays as it was written.
    """
    try:
        if len(text) > 4 and text.startswith("$$") and text.endswith("$$"):
            return Markup('<div class="display">{}</div>').format(mathml(text[2:-2], block=True))
        return Markup("<p>{}</p>").format(with_maths(text))
    except DataError:
        return Markup("<p><code>{}</code></p>").format(text)


def question(text: str) -> Markup:
    """A question with its formulas, as HTML; as it was written where they cannot be read."""
    try:
        return with_maths(text)
    except DataError:
        return escape(text)
