"""A number beside its known answer, and the items that a report is made of; plain data that goes to JSON and back."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal["pass", "fail", "info"]
"""Whether a number agrees with its known answer; `info` where there is no verdict to give."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measured number.

    name        what was measured, e.g. "ε loss on fresh data"
    value       the number, or None where it could not be measured
    known       the answer it stands beside, and `known_name` says what that is: "Bayes optimum", "data against data"
    tolerance   how far from `known` the value may be for the status "pass", in words or as a number
    interval    lower and upper end of a 95 % interval, or None
    n           number of samples behind the value
    seeds       the seeds that were used
    formula     the formula in plain text, and `source` where it is from
    """

    name: str
    value: float | None
    unit: str = ""
    known: float | None = None
    known_name: str = ""
    tolerance: str = ""
    interval: tuple[float, float] | None = None
    n: int | None = None
    seeds: tuple[int, ...] = ()
    formula: str = ""
    source: str = ""
    status: Status = "info"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture: its file relative to the report's folder, what it shows, and the text for those who cannot see it."""

    path: str
    caption: str
    alt: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a header; every cell is already text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


ItemStatus = Literal["done", "missing", "failed"]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One deliverable of a study, or one section of a run's report."""

    number: str
    title: str
    question: str = ""
    text: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    results: tuple[Result, ...] = ()
    formula: str = ""
    source: str = ""
    status: ItemStatus = "done"
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything a report says. `facts` are the lines under the title: data first, then tier, seed, device, versions."""

    title: str
    kind: Literal["run", "study"]
    name: str
    summary: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    complete: bool = True
    next_commands: tuple[str, ...] = ()
    format: int = 1
    extra: dict[str, Any] = field(default_factory=dict)


def to_json(page: Page) -> dict[str, Any]:
    """The page as JSON-ready data; the inverse of `from_json`."""
    return asdict(page)
