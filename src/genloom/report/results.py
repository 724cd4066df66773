"""A number beside its known answer, and the items that a report is made of; plain data that goes to JSON and back."""

import json
import math
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from genloom.errors import DataError
from genloom.report.decode import decode

Status = Literal["pass", "fail", "info"]
"""Whether a number agrees with its known answer; `info` where there is no verdict to give."""

MAX_JSON_BYTES = 32_000_000  # a real page has about 100 kB; anything far beyond is no page of ours


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measured number.

    name        what was measured, e.g. "ε loss on fresh data"
    value       the number, or None where it could not be measured
    known       the answer it stands beside, and `known_name` says what that is: "Bayes optimum", "data against data"
    tolerance   how far from `known` the value may be for the status "pass", in words or as a number
    accepted    the same as a range of values, whose ends may be infinite
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
    accepted: tuple[float, float] | None = None
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
    """One deliverable of a study, or one section of a run's report.

    text        paragraphs; `x` in backquotes is set as code, and a paragraph whose lines start with four spaces as a
                block
    question    may have formulas, LaTeX between dollar signs
    derivation  paragraphs with LaTeX between dollar signs; one that starts with two of them is a formula of its own
    """

    number: str
    title: str
    question: str = ""
    text: tuple[str, ...] = ()
    derivation: tuple[str, ...] = ()
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
    """Everything a report says.

    facts       the lines under the title: data first, then tier, seed, device, versions
    complete    False for a run or study that was interrupted, failed or done in part; `notice` says what happened
    counted     how the count of numbers that have a verdict reads on: "12 of 12 checks hold"
    """

    title: str
    kind: Literal["run", "study"]
    name: str
    summary: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    complete: bool = True
    notice: str = ""
    next_commands: tuple[str, ...] = ()
    counted: str = "numbers agree with their known answer"
    format: int = 1
    extra: dict[str, Any] = field(default_factory=dict)


def to_json(page: Page) -> dict[str, Any]:
    """The page as JSON-ready data, with NaN and ±∞ as the strings "NaN", "Infinity", "-Infinity"."""
    plain: dict[str, Any] = strict(asdict(page))
    return plain


def from_json(data: Any) -> Page:
    """The page of `to_json`'s data. Errors: `DataError` naming the place of a missing, unknown or mistyped field."""
    if isinstance(data, dict) and isinstance(data.get("format"), int) and data["format"] > Page.format:
        raise DataError(f"results: format {data['format']} is newer than {Page.format}, the newest that this version "
                        "reads; install a newer genloom")
    page: Page = decode(Page, data, "results")
    return page


def write_results(page: Page, path: Path) -> Path:
    """Write the page as JSON, whole or not at all."""
    text = json.dumps(to_json(page), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return write_atomically(path, text.encode())


def read_results(path: Path) -> Page:
    """The page of a `results.json`. Errors: `DataError` where it is missing, too large, no JSON or not such a page."""
    return from_json(read_json(path))


def read_json(path: Path, limit: int = MAX_JSON_BYTES) -> Any:
    """The JSON of a file of at most `limit` bytes. Errors: `DataError`."""
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if len(raw) > limit:
        raise DataError(f"{path}: larger than {limit} bytes, so not written by genloom")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({str(error)[:80]})") from error


def write_atomically(path: Path, content: bytes) -> Path:
    """Write a file so that a crash leaves the old one or the new one whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def strict(value: Any) -> Any:
    """Plain data as JSON knows it: tuples as lists, NaN and ±∞ as strings."""
    if isinstance(value, dict):
        return {str(key): strict(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [strict(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
