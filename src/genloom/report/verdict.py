"""What a page says of its items and numbers as a whole: verdicts, counts, and what is missing."""

import math
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from genloom.report.results import Item, Page, Result, Table

Key = Literal["pass", "fail", "info", "missing", "failed"]

SIGNS: dict[Key, str] = {"pass": "✓", "fail": "✗", "info": "●", "missing": "○", "failed": "■"}
"""A shape for each verdict, so that it does not hang on colour."""


_NUMERIC = re.compile(r"\s*([−+<>≤≥≈-]?\s*[0-9.∞]|—|NaN|$)[^a-zA-Z]{0,24}([a-zA-Z%²]{0,6})?\s*$")


class Badge(NamedTuple):
    """A verdict as a shape and a word; `key` names its colour."""

    key: Key
    word: str

    @property
    def sign(self) -> str:
        """The shape."""
        return SIGNS[self.key]


class Score(NamedTuple):
    """How many numbers agree with their known answer, of how many that have a verdict."""

    agree: int
    judged: int


def result_badge(result: Result) -> Badge:
    """The verdict on one number."""
    return Badge(result.status, {"pass": "agrees", "fail": "differs", "info": "no verdict"}[result.status])


def item_badge(item: Item) -> Badge:
    """The verdict on an item: missing, failed, how many of its numbers agree, or shown where none is judged."""
    if item.status != "done":
        return Badge(item.status, item.status)
    agree, judged = score(item.results)
    if judged == 0:
        return Badge("info", "shown")
    word = "agrees" if agree == judged == 1 else "differs" if judged == 1 else f"{agree} of {judged} agree"
    return Badge("pass" if agree == judged else "fail", word)


def score(results: Sequence[Result]) -> Score:
    """The count over some numbers."""
    statuses = [result.status for result in results]
    return Score(statuses.count("pass"), len(statuses) - statuses.count("info"))


def page_score(page: Page) -> Score:
    """The count over all numbers of a page."""
    return score([result for item in page.items for result in item.results])


def headline(page: Page) -> str:
    """One sentence on the whole page.

    >>> headline(Page(title="T", kind="run", name="t"))
    'No number of this page has a known answer to stand beside.'
    """
    agree, judged = page_score(page)
    if judged == 0:
        return "No number of this page has a known answer to stand beside."
    return f"{agree} of {judged} {page.counted}."


def problems(page: Page) -> list[str]:
    """What keeps the page from being whole, one sentence each; an empty list for a whole page."""
    found = [page.notice] if page.notice and not page.complete else []
    for status, verb in (("missing", "missing"), ("failed", "failed")):
        numbers = [f"{item.number} {item.title}" for item in page.items if item.status == status]
        if numbers:
            are = "is" if len(numbers) == 1 else "are"
            state = f"{are} {verb}" if status == "missing" else "failed"
            found.append(f"{len(numbers)} of {len(page.items)} items {state}: {', '.join(numbers)}.")
    if not found and not page.complete:
        found.append("This page is not complete.")
    return found


def spans(seeds: Sequence[int]) -> str:
    """Seeds in short.

    >>> spans((0, 1, 2, 5)), spans((3,))
    ('0–2, 5', '3')
    """
    parts: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if parts and seed == parts[-1][1] + 1:
            parts[-1][1] = seed
        else:
            parts.append([seed, seed])
    return ", ".join(str(a) if a == b else f"{a}, {b}" if b == a + 1 else f"{a}–{b}" for a, b in parts)


def column_kinds(table: Table) -> list[str]:
    """For each column "number" where all of its cells start like one, else "words".

    >>> column_kinds(Table(header=("T", "name", "loss"), rows=(("10", "a", "0.1 ± 0.2"), ("20", "b", "—"))))
    ['number', 'words', 'number']
    """
    columns = [[row[k] for row in table.rows if k < len(row)] for k in range(len(table.header))]
    return ["number" if cells and all(_NUMERIC.match(cell) for cell in cells) else "words" for cells in columns]


class Mark(NamedTuple):
    """Where a number lies beside its known answer, in percent of a drawing's width; None where there is nothing."""

    value: float
    known: float | None
    low: float | None
    high: float | None
    accept_low: float | None
    accept_high: float | None


def mark(result: Result) -> Mark | None:
    """The drawing of a finite number with a known answer or a range that it should lie in."""
    if result.value is None or not math.isfinite(result.value) or (result.known is None and result.accepted is None):
        return None
    anchors = [v for v in (result.value, result.known, *(result.interval or ()), *(result.accepted or ()))
               if v is not None and math.isfinite(v)]
    low, high = min(anchors), max(anchors)
    width = high - low
    if len(anchors) < 2 or not math.isfinite(width):
        return None
    pad = 0.12 * width or max(abs(low), 1.0) * 0.1
    low, width = low - pad, width + 2 * pad

    def place(v: float | None) -> float | None:
        return None if v is None or math.isnan(v) else round(100 * min(1.0, max(0.0, (v - low) / width)), 2)

    interval, accepted = result.interval or (None, None), result.accepted or (None, None)
    return Mark(place(result.value) or 0.0, place(result.known), place(interval[0]), place(interval[1]),
                place(accepted[0]), place(accepted[1]))
