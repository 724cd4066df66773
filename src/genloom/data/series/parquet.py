"""Columns of a Parquet file."""

from pathlib import Path
from typing import Any

import numpy as np

from genloom.data.series.cells import LARGEST_FILE, Column, Columns, check_file, check_names
from genloom.errors import DataError, MissingExtra


def read_parquet(path: Path) -> Columns:
    """The columns of a Parquet file: numbers, times, or texts. Times with a zone become UTC.

    Errors: `MissingExtra` without pyarrow; `DataError` for a file that cannot be read.
    """
    check_file(path, LARGEST_FILE)
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet", "reading Parquet files") from error
    try:
        with parquet.ParquetFile(path) as file:
            size = file.metadata.num_rows * file.metadata.num_columns * 8
            if size > LARGEST_FILE:
                raise DataError(f"{path}: holds {size:,} bytes of numbers; at most {LARGEST_FILE:,} are read")
            table = file.read()
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0][:120]}") from error
    if table.num_rows == 0 or table.num_columns == 0:
        raise DataError(f"{path}: has no rows")
    check_names(path, table.column_names)
    columns = tuple(_column(name, table.column(name)) for name in table.column_names)
    return Columns(columns, np.arange(1, table.num_rows + 1), "row")


def _column(name: str, values: Any) -> Column:
    import pyarrow as arrow

    kind = values.type
    if arrow.types.is_timestamp(kind) or arrow.types.is_date(kind):
        zone = (kind.tz or "") if arrow.types.is_timestamp(kind) else ""
        # nothing is cut off here: times between two seconds are refused where they are read
        plain = values.cast(arrow.timestamp(kind.unit if arrow.types.is_timestamp(kind) else "s", zone or None))
        return Column(name, times=plain.to_numpy(), zone=zone)
    if arrow.types.is_integer(kind) or arrow.types.is_floating(kind) or arrow.types.is_decimal(kind):
        numbers = values.cast(arrow.float64(), safe=False).to_numpy()
        return Column(name, numbers=np.asarray(numbers, dtype=np.float64))
    return Column(name, texts=["" if value is None else str(value) for value in values.to_pylist()])
