"""Reading tables of points: CSV and NPY, in bounded memory, with the row and the remedy in every error."""

import csv
import math
import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
import torch
from torch import Tensor

from genloom.errors import DataError

LARGEST_FILE = 64 << 20  # bytes: at most 16 million rows of text, 256 MB of numbers
MOST_CLASSES = 1000
_LONGEST_LINE = 4096  # characters; a file without line ends is not read as one line
_NPY_MAGIC = b"\x93NUMPY"
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class Table(NamedTuple):
    """Points (N, 2) float32, their classes (N,) int64 or None, and the classes' names in sorted order."""

    points: Tensor
    labels: Tensor | None
    class_names: tuple[str, ...]


def read_csv(path: Path) -> Table:
    """Rows x, y or x, y, class, separated by comma, semicolon, tab or blanks; one line of headings is skipped.

    Empty lines and lines that start with # are skipped. Classes may be integers or names.

    Errors: `DataError`, with the number of the line.
    """
    _check_size(path)
    numbers, classes, seen = array("d"), array("q"), dict[str, int]()
    columns = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for line, row in _rows(stream, path):
                if not columns and _is_heading(row):
                    columns = -1
                    continue
                if columns <= 0:
                    columns = len(row)
                numbers.extend(_point(path, line, row, columns))
                if columns == 3:
                    classes.append(seen.setdefault(row[2], len(seen)))
                    _check_classes(path, len(seen))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV: {error}") from error
    if not numbers:
        raise DataError(f"{path}: no points in it; give rows of x, y")
    points = torch.from_numpy(np.array(numbers, dtype=np.float32).reshape(-1, 2))
    return Table(points, *(_named(classes, list(seen)) if seen else (None, ())))


def read_npy(path: Path) -> Table:
    """An array (N, 2), or (N, 3) whose third column is an integer class; real numbers of any width.

    Errors: `DataError`; pickled objects are never loaded.
    """
    _check_size(path)
    try:
        with path.open("rb") as stream:
            magic = stream.read(len(_NPY_MAGIC))
        loaded = np.load(path, mmap_mode="r", allow_pickle=False) if magic == _NPY_MAGIC else None
    except Exception as error:  # the header is parsed as Python syntax and can fail in any of its ways
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise DataError(f"{path}: cannot be read as NPY: {reason}; write it with numpy.save") from error
    if loaded is None:
        raise DataError(f"{path}: is not an NPY file; write it with numpy.save")
    return _from_array(path, loaded)


def _from_array(path: Path, loaded: np.ndarray) -> Table:
    if loaded.dtype.kind not in "fiu":
        raise DataError(f"{path}: holds {loaded.dtype}; give real numbers")
    if loaded.ndim != 2 or loaded.shape[1] not in (2, 3) or len(loaded) == 0:
        raise DataError(f"{path}: has shape {loaded.shape}; give (N, 2), or (N, 3) with a class")
    with np.errstate(over="ignore"):
        points = np.array(loaded[:, :2], dtype=np.float32)
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise DataError(f"{path}: row {bad[0]} is not finite in 32 bits: {loaded[bad[0]].tolist()}; mend or drop it")
    if loaded.shape[1] == 2:
        return Table(torch.from_numpy(points), None, ())
    column = np.asarray(loaded[:, 2])
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(~(column == np.floor(column)) | (np.abs(column.astype(np.float64)) > 2**53))
    if len(wrong):
        raise DataError(f"{path}: row {wrong[0]}: class {column[wrong[0]]} is not an integer")
    values, labels = np.unique(column.astype(np.int64), return_inverse=True)
    _check_classes(path, len(values))
    return Table(torch.from_numpy(points), torch.from_numpy(labels.astype(np.int64)), tuple(str(v) for v in values))


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not found; give the path of a CSV or NPY file") from error
    if not path.is_file():
        raise DataError(f"{path}: is not a file")
    if size == 0:
        raise DataError(f"{path}: is empty")
    if size > LARGEST_FILE:
        raise DataError(f"{path}: has {size:,} bytes; at most {LARGEST_FILE:,} are read; take a part of it")


def _rows(stream: TextIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    delimiter = None
    number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise DataError(f"{path}: line {number} is longer than {_LONGEST_LINE} characters; give rows of x, y")
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if delimiter is None:
            delimiter = next((d for d in (",", ";", "\t") if d in text), " ")
        if delimiter == " ":
            yield number, text.split()
        else:
            cells = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True))
            yield number, [cell.strip() for cell in cells]


def _is_heading(row: Sequence[str]) -> bool:
    return all(_number(cell) is None for cell in row[:2])


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _point(path: Path, line: int, row: list[str], columns: int) -> tuple[float, float]:
    if len(row) != columns or columns not in (2, 3):
        wanted = columns if columns in (2, 3) else "2 (x, y) or 3 (x, y, class)"
        raise DataError(f"{path}: line {line} has {len(row)} columns; give {wanted}")
    for cell in row[:2]:
        value = _number(cell)
        if value is None or not math.isfinite(value) or abs(value) > 3e38:
            raise DataError(f"{path}: line {line}: {cell[:40]!r} is not a finite number; mend or drop the row")
    if columns == 3 and not row[2]:
        raise DataError(f"{path}: line {line}: the class is empty; give an integer or a name")
    return float(row[0]), float(row[1])


def _named(first_seen: "array[int]", distinct: list[str]) -> tuple[Tensor, tuple[str, ...]]:
    """Classes numbered in the order they occur, numbered anew in sorted order, and their names."""
    whole = all(_INTEGER.fullmatch(name) for name in distinct)
    names = sorted(distinct, key=int) if whole else sorted(distinct)
    rank = {name: i for i, name in enumerate(names)}
    renumbered = torch.tensor([rank[name] for name in distinct])
    return renumbered[torch.from_numpy(np.array(first_seen, dtype=np.int64))], tuple(names)


def _check_classes(path: Path, classes: int) -> None:
    if classes > MOST_CLASSES:
        raise DataError(f"{path}: {classes} classes in the third column; at most {MOST_CLASSES}; is it a number?")
