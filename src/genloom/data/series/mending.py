"""Rows as they come, made a regular grid: order, repeated times, gaps, missing values; each named, or refused."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genloom.data.series.clock import Times, grid
from genloom.data.series.regular import Steps, find_steps
from genloom.errors import DataError

Missing = Literal["refuse", "interpolate", "last"]
"""interpolate: on the line between the known values before and after; last: the known value before."""
Irregular = Literal["refuse", "regrid"]
"""regrid: values on a regular grid, on the line between the two nearest rows."""
Duplicates = Literal["refuse", "mean", "first"]
"""What rows with equal times become."""

_MOST_MISSING = 0.5  # of a channel: beyond, most of what a model learns would be invented
_MOST_GROWTH = 10  # rows that gaps may add, per row that is there


@dataclass(frozen=True, eq=False)
class Rows:
    """Values (N, C) with NaN for what is missing, at any times (N,), from lines (N,) of a file.

    origin   the file's name, for messages; place what its lines are called
    """

    values: NDArray[np.float64]
    times: Times
    channels: tuple[str, ...]
    lines: NDArray[np.int64]
    origin: str
    place: str = "line"
    notes: tuple[str, ...] = ()

    def at(self, row: int) -> str:
        """Where a row is, in words."""
        return f"{self.place} {self.lines[row]:,} ({self.times[row]})"

    def noting(self, note: str) -> "Rows":
        """The same rows with one more note."""
        return replace(self, notes=(*self.notes, note))

    def take(self, rows: NDArray[np.int64]) -> "Rows":
        """These rows in this order."""
        return replace(self, values=self.values[rows], times=self.times[rows], lines=self.lines[rows])


def mended(rows: Rows, missing: Missing, irregular: Irregular, duplicates: Duplicates) -> tuple[Rows, np.timedelta64]:
    """Rows on a regular grid without missing values, and its step.

    Errors: `DataError` that names the first fault by line, time and channel, and the flag that handles it.
    """
    if len(rows.times) < 2:
        raise DataError(f"{rows.origin}: one row alone; a series needs at least two")
    rows = _distinct(_ordered(rows), duplicates)
    if len(rows.times) < 2:
        raise DataError(f"{rows.origin}: one time alone, {rows.times[0]}; a series needs at least two")
    steps = find_steps(rows.times)
    if steps.places is None:
        rows = _regridded(_filled(rows, missing), steps, irregular)
        return rows, steps.step
    return _filled(_placed(rows, steps, missing), missing), steps.step


def _ordered(rows: Rows) -> Rows:
    back = np.flatnonzero(np.diff(rows.times) < np.timedelta64(0, "s"))
    if not len(back):
        return rows
    note = f"rows were not in the order of time, first at {rows.at(int(back[0]) + 1)}; they were sorted"
    return rows.take(np.argsort(rows.times, kind="stable")).noting(note)


def _distinct(rows: Rows, duplicates: Duplicates) -> Rows:
    again = np.flatnonzero(np.diff(rows.times) == np.timedelta64(0, "s")) + 1
    if not len(again):
        return rows
    fault = f"{len(again):,} rows repeat a time, first at {rows.at(int(again[0]))}"
    if duplicates == "refuse":
        raise DataError(f"{rows.origin}: {fault}; pass --data.duplicates mean or first "
                        "(clocks that are set back in autumn leave such rows)")
    first = np.setdiff1d(np.arange(len(rows.times)), again)
    way = "the mean of each was taken" if duplicates == "mean" else "the first of each was taken"
    kept = rows.take(first).noting(f"{fault}; {way}")
    if duplicates == "first":
        return kept
    known = np.isfinite(rows.values)
    counts = np.add.reduceat(known, first, axis=0, dtype=np.int64)
    sums = np.add.reduceat(np.where(known, rows.values, 0.0), first, axis=0)
    means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    # a time that occurs once keeps its value to the last bit, which a sum of one does too
    return replace(kept, values=means)


def _placed(rows: Rows, steps: Steps, missing: Missing) -> Rows:
    """Rows on the grid, those that are not there as missing values."""
    assert steps.places is not None
    total = int(steps.places[-1]) + 1
    absent = total - len(rows.times)
    if not absent:
        return rows
    gap = int(np.argmax(np.diff(steps.places) > 1))
    fault = (f"{absent:,} rows are missing at a step of {steps.step}, the first after {rows.at(gap)}, "
             f"where the next is {rows.times[gap + 1]}")
    if missing == "refuse":
        raise DataError(f"{rows.origin}: {fault}; pass --data.missing interpolate or last")
    if absent > _MOST_GROWTH * len(rows.times):
        raise DataError(f"{rows.origin}: {fault}; that is too much to fill, take a part without the gap")
    values = np.full((total, len(rows.channels)), np.nan)
    values[steps.places] = rows.values
    lines = rows.lines[np.searchsorted(steps.places, np.arange(total), side="right") - 1]
    times = grid(rows.times[0], steps.step, total)
    return replace(rows, values=values, times=times, lines=lines).noting(f"{fault}; filled by {_way(missing)}")


def _filled(rows: Rows, missing: Missing) -> Rows:
    hidden = np.isnan(rows.values)
    if not hidden.any():
        return rows
    row, column = (int(index) for index in np.argwhere(hidden)[0])
    fault = f"{int(hidden.sum()):,} values are missing, the first at {rows.at(row)} in {rows.channels[column]!r}"
    if missing == "refuse":
        raise DataError(f"{rows.origin}: {fault}; pass --data.missing interpolate or last, "
                        "or leave the column out by --data.channels")
    share = hidden.mean(axis=0)
    if share.max() > _MOST_MISSING:
        worst = int(share.argmax())
        raise DataError(f"{rows.origin}: {share[worst]:.0%} of the column {rows.channels[worst]!r} is missing; "
                        "leave it out by --data.channels")
    start = int((~hidden).argmax(axis=0).max())  # the first row by which every channel has had a value
    if start:
        rows = rows.noting(f"the first {start:,} rows were cut, where no value comes before the missing ones")
    moments = rows.times.astype(np.int64).astype(np.float64)
    values = np.stack([_fill(column, moments, missing) for column in rows.values.T], axis=1)
    # gaps that were already told need no second note
    if hidden.all(axis=1).sum() < hidden.any(axis=1).sum() or not any("rows are missing" in n for n in rows.notes):
        rows = rows.noting(f"{fault}; filled by {_way(missing)}")
    return replace(rows, values=values[start:], times=rows.times[start:], lines=rows.lines[start:])


def _fill(column: NDArray[np.float64], moments: NDArray[np.float64], missing: Missing) -> NDArray[np.float64]:
    known = np.flatnonzero(np.isfinite(column))
    if missing == "interpolate":
        return np.interp(moments, moments[known], column[known])
    return column[known[np.maximum(np.searchsorted(known, np.arange(len(column)), side="right") - 1, 0)]]


def _regridded(rows: Rows, steps: Steps, irregular: Irregular) -> Rows:
    row = steps.fault
    fault = (f"times are not {steps.step} apart throughout, first at {rows.at(row)}, "
             f"{rows.times[row] - rows.times[row - 1]} after the row before")
    if irregular == "refuse":
        raise DataError(f"{rows.origin}: {fault}; pass --data.irregular regrid")
    span = (rows.times[-1] - rows.times[0]) // steps.step
    count = int(span) + 1
    if count > _MOST_GROWTH * len(rows.times):
        raise DataError(f"{rows.origin}: {fault}; a grid of {count:,} rows would be mostly invented, take a part of it")
    times = grid(rows.times[0], steps.step, count)
    moments, known = times.astype(np.int64).astype(np.float64), rows.times.astype(np.int64).astype(np.float64)
    values = np.stack([np.interp(moments, known, column) for column in rows.values.T], axis=1)
    lines = rows.lines[np.searchsorted(rows.times, times, side="right") - 1]
    return replace(rows, values=values, times=times, lines=lines).noting(
        f"{fault}; values were put on a grid by straight lines between rows, which look at the next row")


def _way(missing: Missing) -> str:
    return ("the last known value" if missing == "last"
            else "straight lines between known values, which look at the next one")
