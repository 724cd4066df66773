"""A series by name or from a file: CSV or Parquet with a column of times."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genloom.data.series.cells import Column, Columns, read_csv
from genloom.data.series.clock import Times
from genloom.data.series.mending import Duplicates, Irregular, Missing, Rows, mended
from genloom.data.series.scaler import LARGEST
from genloom.data.series.series import Series
from genloom.data.series.time_texts import Read, TimeFault, from_numbers, is_clock, is_time, parse
from genloom.errors import DataError, InputError, UnknownName

NAMED = ("etth1", "transformer")
"""Series that have names: ETTh1 from the data folder, and the simulated transformer."""

_TIME_NAMES = ("date", "datetime", "time", "timestamp", "ds", "day", "month", "year", "index", "period")
_INDEX_NAMES = ("column 1", "index")
_PARQUET = (".parquet", ".pq", ".parq")


def read_series(source: str | Path, *, data_root: str | Path | None = None, time: str = "",
                channels: Sequence[str] = (), missing: Missing = "refuse", irregular: Irregular = "refuse",
                duplicates: Duplicates = "refuse") -> Series:
    """The series of a name or a file, on a regular grid of times and without missing values.

    source       etth1, transformer, or the path of a CSV or Parquet file
    time         name of the column of times; "date+clock" for two columns; without it, it is looked for
    channels     columns to keep, in this order; all columns of numbers without it
    missing      values and rows that are not there: refused, interpolated, or the last known value
    irregular    times off a regular grid: refused, or values put on a grid
    duplicates   rows with equal times: refused, their mean, or the first of them

    What was changed is told in the series' notes. Errors: `DataError` that names the first fault by line, time and
    column, with the flag that handles it; `UnknownName` for columns that are not there; `MissingExtra` for Parquet
    without pyarrow.
    """
    if str(source) == "transformer":
        from genloom.data.series.simulator import transformer

        series = transformer()
        return series.select(channels) if channels else series
    if str(source) == "etth1":
        path, time = _etth1(data_root), time or "date"
        description = "ETTh1: hourly load and oil temperature of a transformer, July 2016 to June 2018"
    else:
        path = Path(source).expanduser()
        description = path.name
    columns = _columns(path)
    rows = _rows(path, columns, time, channels)
    rows, step = mended(rows, missing, irregular, duplicates)
    return Series(rows.values, rows.times, rows.channels, step, description, notes=rows.notes)


def _etth1(data_root: str | Path | None) -> Path:
    from genloom.data.store import locate

    try:
        return locate("ett", data_root)["ETTh1.csv"]
    except DataError as error:
        raise DataError(f"{error}; or pass --data.source transformer, which needs no files") from error


def _columns(path: Path) -> Columns:
    if path.suffix.lower() in _PARQUET:
        from genloom.data.series.parquet import read_parquet

        return read_parquet(path)
    if not path.suffix and not path.exists():
        raise InputError("data.source", str(path), f"{', '.join(NAMED)}, or the path of a CSV or Parquet file")
    return read_csv(path)


def _rows(path: Path, columns: Columns, time: str, channels: Sequence[str]) -> Rows:
    used = _time_columns(path, columns, time)
    read = _read_times(path, columns, used)
    chosen, notes = _channels(path, columns, {column.name for column in used}, channels)
    values = np.stack([column.numbers for column in chosen if column.numbers is not None], axis=1)
    rows = Rows(values, read.times, tuple(column.name for column in chosen), columns.lines, path.name, columns.place,
                (*read.notes, *notes))
    large = np.argwhere(np.abs(values) > LARGEST)
    if len(large):
        row, column = (int(index) for index in large[0])
        said = "infinite" if np.isinf(values[row, column]) else f"{values[row, column]:.3g}, beyond {LARGEST:g}"
        raise DataError(f"{path.name}: {rows.at(row)} in {rows.channels[column]!r} is {said}; mend or empty the cell")
    return rows


def _time_columns(path: Path, columns: Columns, time: str) -> list[Column]:
    """The column of times, or the two of dates and clock times."""
    by_name = {column.name: column for column in columns.columns}
    if time:
        wanted = [time] if time in by_name else [name.strip() for name in time.split("+")]
        unknown = next((name for name in wanted if name not in by_name), None)
        if unknown is not None:
            raise UnknownName("data.time", unknown, columns.names())
        return [by_name[name] for name in wanted]
    named = sorted((column for column in columns.columns if column.name.lower() in _TIME_NAMES),
                   key=lambda column: _TIME_NAMES.index(column.name.lower()))
    found = next((column for column in (*named, *columns.columns) if _may_be_times(column, column in named)), None)
    if found is None:
        raise DataError(f"{path.name}: no column of times among {', '.join(columns.names()[:12])}; "
                        "name it by --data.time, with times such as 2016-07-01 05:00")
    clock = next((column for column in columns.columns if column.texts and is_clock(column.texts[0])), None)
    if clock is not None and found.texts and ":" not in found.texts[0]:
        raise DataError(f"{path.name}: dates are in {found.name!r} and clock times in {clock.name!r}; "
                        f"pass --data.time \"{found.name}+{clock.name}\"")
    return [found]


def _may_be_times(column: Column, named: bool) -> bool:
    if column.times is not None:
        return True
    if column.texts:
        return is_time(column.texts[0])
    if not named or column.numbers is None or column.fault is not None:
        return False
    try:
        from_numbers(column.numbers[:100])
    except TimeFault:
        return False
    return True


def _read_times(path: Path, columns: Columns, used: list[Column]) -> Read:
    name = "+".join(column.name for column in used)
    try:
        if len(used) > 1:
            return parse([" ".join(cells) for cells in zip(*(_texts(path, column) for column in used), strict=True)])
        column = used[0]
        if column.times is not None:
            note = f"times of the zone {column.zone} are read as UTC"
            return Read(_typed(column.times), (note,) if column.zone not in ("", "UTC") else ())
        if column.numbers is not None and column.fault is None:
            return from_numbers(column.numbers)
        return parse(_texts(path, column))
    except TimeFault as fault:
        where = f"{columns.place} {columns.lines[fault.index]:,}, column {name!r}"
        raise DataError(f"{path.name}: {where}: {fault.reason}") from fault


def _texts(path: Path, column: Column) -> Sequence[str]:
    if column.texts is None:
        raise DataError(f"{path.name}: the column {column.name!r} is not one of times; name another by --data.time")
    return column.texts


def _typed(times: Times) -> Times:
    missing = np.flatnonzero(np.isnat(times))
    if len(missing):
        raise TimeFault(int(missing[0]), "the time is empty")
    whole = times.astype("datetime64[s]")
    split = np.flatnonzero(whole != times)
    if len(split):
        raise TimeFault(int(split[0]), f"{times[split[0]]} is between two seconds; steps below a second are not read")
    return whole


def _channels(path: Path, columns: Columns, times: set[str], asked: Sequence[str]) -> tuple[list[Column], list[str]]:
    """The columns of numbers that are asked for, or all; and a note on those that were left out."""
    rest = {column.name: column for column in columns.columns if column.name not in times}
    unknown = next((name for name in asked if name not in rest), None)
    if unknown is not None:
        raise UnknownName("data.channels", unknown, tuple(rest))
    if len(set(asked)) != len(asked):
        raise InputError("data.channels", list(asked), "different names")
    counts = None if asked else next(filter(_counts_rows, columns.columns[:1]), None)
    chosen = [rest[name] for name in asked] if asked else [
        column for column in rest.values() if column.numbers is not None and column is not counts]
    for column in chosen:
        if column.numbers is None:
            raise DataError(f"{path.name}: the column {column.name!r} holds text such as "
                            f"{str((column.texts or ['times'])[0])[:40]!r}; leave it out of --data.channels")
        if column.fault is not None:
            raise DataError(f"{path.name}: {columns.place} {column.fault.line:,}, column {column.name!r}: "
                            f"{column.fault.text[:40]!r} is not a number; mend or empty the cell, "
                            "or leave the column out by --data.channels")
    if not chosen:
        said = "".join(f"; {column.name!r} holds {column.texts[0][:40]!r}" for column in rest.values() if column.texts)
        raise DataError(f"{path.name}: no column of numbers beside the times{said[:200]}")
    left = [name for name, column in rest.items() if column.numbers is None] if not asked else []
    notes = [f"columns without numbers were left out: {', '.join(left)}"] if left else []
    if counts is not None and counts.name in rest:
        notes.append(f"{counts.name!r} counts the rows and was left out; name it by --data.channels to forecast it")
    comma = [column.name for column in chosen if column.comma]
    return chosen, notes + ([f"the comma is the decimal sign in {', '.join(comma)}"] if comma else [])


def _counts_rows(column: Column) -> bool:
    """Whether it is the number of each row, as tables that are written with their index have it in front."""
    named = column.name.lower() in _INDEX_NAMES or column.name.lower().startswith("unnamed:")
    numbers = column.numbers
    return named and numbers is not None and len(numbers) > 1 and bool((np.diff(numbers) == 1).all())
