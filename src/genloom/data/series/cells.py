"""Columns of a CSV file: numbers where they are numbers, texts where they are not."""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from genloom.errors import DataError

LARGEST_FILE = 2 << 30  # bytes
MOST_COLUMNS = 10_000
MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "?", "missing"))
"""What stands for a value that is not there, in lower case."""

_LONGEST_LINE = 1 << 20  # characters; a file without line ends is not read as one line
_CHUNK = 1 << 14  # rows that are held as text at once
_DELIMITERS = (",", ";", "\t", "|")


class Fault(NamedTuple):
    """A cell that is no number: its line (or row) in the file, and its text."""

    line: int
    text: str


@dataclass(frozen=True, eq=False)
class Column:
    """One column: `numbers` (N,) float64 with NaN for what is missing, or `texts`, or `times` (N,) datetime64.

    fault   the first cell that is no number, in a column most of whose cells are
    comma   whether the comma was read as the decimal sign
    zone    of times that had one and are in UTC now
    """

    name: str
    numbers: NDArray[np.float64] | None = None
    texts: Sequence[str] | None = None
    times: NDArray[np.datetime64] | None = None
    fault: Fault | None = None
    comma: bool = False
    zone: str = ""


class Columns(NamedTuple):
    """All columns of a file, and the line of each row; `place` is what a row's number is called."""

    columns: tuple[Column, ...]
    lines: NDArray[np.int64]
    place: str = "line"

    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)


@dataclass
class _Growing:
    """A column while the file is read."""

    name: str
    delimiter: str
    comma: bool = False
    numeric: bool = True
    parts: list[NDArray[np.float64]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    fault: Fault | None = None

    def add(self, cells: Sequence[str], lines: Sequence[int], first: bool) -> None:
        if first:
            # where commas separate cells, a quoted 1,234 may well be a thousand
            self.comma = self.delimiter != "," and any("," in cell for cell in cells) and "." not in "".join(cells)
            known = [cell for cell in cells if cell.strip().lower() not in MISSING]
            readable = sum(self._number(cell) is not None for cell in known)
            self.numeric = not known or 2 * readable > len(known)
        if not self.numeric:
            self.texts.extend(cells)
            return
        try:
            self.parts.append(np.array(cells, dtype=np.float64))
        except ValueError:
            self.parts.append(np.array([self._cell(cell, line) for cell, line in zip(cells, lines, strict=True)]))

    def _cell(self, cell: str, line: int) -> float:
        value = self._number(cell)
        if value is None:
            if cell.strip().lower() not in MISSING and self.fault is None:
                self.fault = Fault(line, cell)
            return math.nan
        return value

    def _number(self, cell: str) -> float | None:
        try:
            return float(cell.replace(",", ".", 1) if self.comma else cell)
        except ValueError:
            return None

    def done(self) -> Column:
        if not self.numeric:
            return Column(self.name, texts=self.texts)
        return Column(self.name, numbers=np.concatenate(self.parts), fault=self.fault, comma=self.comma)


def read_csv(path: Path) -> Columns:
    """A CSV file whose first line has the names; separated by comma, semicolon, tab or |, whichever the names are.

    A comma is read as the decimal sign in columns that have commas and no points, unless commas separate the cells.
    Empty lines are skipped.

    Errors: `DataError` for a file that cannot be read, without a line of names, or with rows of another length.
    """
    check_file(path, LARGEST_FILE)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _read(path, stream)
    except (OSError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text (byte {error.start:,}); save it as CSV in UTF-8") from error


def check_file(path: Path, largest: int) -> None:
    """Refuse what is no file, is empty or is too large.

    Errors: `DataError`.
    """
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not found; give the path of a CSV or Parquet file") from error
    if not path.is_file():
        raise DataError(f"{path}: is not a file; give the path of a CSV or Parquet file")
    if size == 0:
        raise DataError(f"{path}: is empty")
    if size > largest:
        raise DataError(f"{path}: has {size:,} bytes; at most {largest:,} are read; take a part of it")


def check_names(path: Path, names: Sequence[str]) -> None:
    """Refuse too many names, or one that occurs twice.

    Errors: `DataError`.
    """
    if len(names) > MOST_COLUMNS:
        raise DataError(f"{path}: {len(names):,} columns; at most {MOST_COLUMNS:,} are read")
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise DataError(f"{path}: two columns are named {twice!r}; rename one")


def _read(path: Path, stream: TextIO) -> Columns:
    heading = next((line for line in _lines(path, stream) if line.strip()), "")
    delimiter = max(_DELIMITERS, key=heading.count)
    headings = next(csv.reader([heading], delimiter=delimiter), [])
    names = [name.strip() or f"column {place}" for place, name in enumerate(headings, start=1)]
    _check_heading(path, names)
    stream.seek(0)
    reader = csv.reader(_lines(path, stream), delimiter=delimiter)
    next(row for row in reader if not _is_blank(row))
    growing = [_Growing(name, delimiter) for name in names]
    lines: list[NDArray[np.int64]] = []
    for rows, numbers in _chunks(reader, reader.line_num):
        _check_lengths(path, numbers, rows, len(names))
        for column, cells in zip(growing, zip(*rows, strict=True), strict=True):
            column.add(cells, numbers, first=not lines)
        lines.append(np.array(numbers, dtype=np.int64))
    if not lines:
        raise DataError(f"{path}: has names and no rows")
    return Columns(tuple(column.done() for column in growing), np.concatenate(lines))


def _chunks(reader: Iterator[list[str]], line: int) -> Iterator[tuple[list[list[str]], list[int]]]:
    """Rows that are not blank, many at a time, with the last line of each; `line` is the last one that was read."""
    while chunk := list(islice(reader, _CHUNK)):
        # a cell in quotes may have line ends in it
        numbers = list(accumulate((1 + sum(cell.count("\n") for cell in row) for row in chunk), initial=line))[1:]
        line = numbers[-1]
        if any(map(_is_blank, chunk)):
            kept = [place for place, row in enumerate(chunk) if not _is_blank(row)]
            chunk, numbers = [chunk[place] for place in kept], [numbers[place] for place in kept]
        if chunk:
            yield chunk, numbers


def _is_blank(row: Sequence[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip())


def _lines(path: Path, stream: TextIO) -> Iterator[str]:
    number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise DataError(f"{path}: line {number} is longer than {_LONGEST_LINE:,} characters; is it a CSV file?")
        if "\0" in line:
            raise DataError(f"{path}: line {number} has a zero byte; is it a CSV file?")
        yield line


def _check_heading(path: Path, names: Sequence[str]) -> None:
    if len(names) < 2:
        alone = f"one column alone, {names[0][:40]!r}" if names else "no line of names"
        raise DataError(f"{path}: {alone}; give a column of times and one of numbers")
    check_names(path, names)
    number = next((name for name in names if _is_number(name)), None)
    if number is not None:
        raise DataError(f"{path}: the first line has the number {number[:40]} where a name should be; "
                        "put a line with the columns' names above the data")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.lower() not in MISSING


def _check_lengths(path: Path, numbers: Iterable[int], rows: Iterable[Sequence[str]], columns: int) -> None:
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != columns:
            raise DataError(f"{path}: line {number} has {len(row)} cells, the line of names {columns}; mend the line")
