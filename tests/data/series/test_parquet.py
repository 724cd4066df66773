import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from genloom.data.series.parquet import read_parquet
from genloom.data.series.read import read_series
from genloom.errors import DataError, MissingExtra


def written(folder: Path, columns: dict[str, list[object]]) -> Path:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = folder / "a.parquet"
    parquet.write_table(arrow.table(columns), path)
    return path


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"genloom\[parquet\]"):
        read_parquet(path)


def test_times_and_numbers_are_the_series_that_a_csv_gives(tmp_path: Path) -> None:
    times: list[object] = [datetime(2020, 1, 1) + timedelta(hours=hour) for hour in range(4)]
    path = written(tmp_path, {"date": times, "a": [1, 2, 3, 4], "b": [0.5, 1.5, 2.5, 3.5]})
    plain = tmp_path / "a.csv"
    plain.write_text("date,a,b\n" + "".join(f"{time},{i + 1},{i + 0.5}\n" for i, time in enumerate(times)))
    assert read_series(path).digest == read_series(plain).digest


def test_nulls_are_missing_values_and_rows_are_called_rows(tmp_path: Path) -> None:
    path = written(tmp_path, {"date": [date(2020, 1, day) for day in (1, 2, 3)], "a": [1, None, 3],
                              "b": [Decimal("0.25")] * 3})
    with pytest.raises(DataError, match=r"first at row 2 \(2020-01-02T00:00:00\) in 'a'"):
        read_series(path)
    np.testing.assert_array_equal(read_series(path, missing="interpolate").values, [[1, 0.25], [2, 0.25], [3, 0.25]])


def test_a_zone_becomes_utc_and_texts_are_read_as_times(tmp_path: Path) -> None:
    zone = timezone(timedelta(hours=2))
    path = written(tmp_path, {"date": [datetime(2020, 1, 1, hour, tzinfo=zone) for hour in (2, 3)], "a": [1.0, 2.0]})
    assert str(read_series(path).times[0]) == "2020-01-01T00:00:00"
    path = written(tmp_path, {"date": ["2020-01-01", "2020-01-02"], "a": [1.0, 2.0], "c": ["x", None]})
    assert read_series(path).step == np.timedelta64(86_400, "s")


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and more that is none, PAR1")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_parquet(path)
    with pytest.raises(DataError, match="no rows"):
        read_parquet(written(tmp_path, {"date": [], "a": []}))


def test_times_between_two_seconds_are_refused_in_one_line_and_a_zone_is_told(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    hours = np.datetime64("2020-01-01", "ns") + np.arange(4) * np.timedelta64(3600 * 10**9, "ns")
    split = written(tmp_path, {"date": hours + np.timedelta64(1, "ns"), "a": [1.0, 2.0, 3.0, 4.0]})  # type: ignore[dict-item]
    with pytest.raises(DataError, match=r"row 1, column 'date': .* is between two seconds"):
        read_series(split)
    zone = timezone(timedelta(hours=2))
    path = written(tmp_path, {"date": [datetime(2020, 1, 1, hour, tzinfo=zone) for hour in (2, 3)], "a": [1.0, 2.0]})
    assert read_series(path).notes == ("times of the zone +02:00 are read as UTC",)
