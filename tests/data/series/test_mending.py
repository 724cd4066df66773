from dataclasses import replace

import numpy as np
import pytest

from genloom.data.series.clock import grid
from genloom.data.series.mending import Rows, mended
from genloom.errors import DataError

HOUR = np.timedelta64(3600, "s")
TIMES = grid(np.datetime64("2016-07-01", "s"), HOUR, 10)
VALUES = np.stack((np.arange(10.0), np.arange(10.0) ** 2), axis=1)
WHOLE = Rows(VALUES, TIMES, ("a", "b"), np.arange(2, 12), "a.csv")


def mend(rows: Rows, missing: str = "refuse", irregular: str = "refuse", duplicates: str = "refuse") -> Rows:
    return mended(rows, missing, irregular, duplicates)[0]  # type: ignore[arg-type]


def with_values(*hidden: tuple[int, int]) -> Rows:
    values = VALUES.copy()
    for row, column in hidden:
        values[row, column] = np.nan
    return replace(WHOLE, values=values)


def test_whole_rows_are_left_as_they_are() -> None:
    rows, step = mended(WHOLE, "refuse", "refuse", "refuse")
    assert step == HOUR
    assert rows is WHOLE


def test_rows_out_of_order_are_sorted_and_told() -> None:
    order = np.array([3, 1, 2, 0, 4, 5, 6, 7, 9, 8])
    rows = mend(WHOLE.take(order))
    np.testing.assert_array_equal(rows.values, VALUES)
    assert "first at line 3 (2016-07-01T01:00:00)" in rows.notes[0]


def test_repeated_times_are_refused_averaged_or_the_first_taken() -> None:
    twice = WHOLE.take(np.array([0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9]))
    values = twice.values.copy()
    values[3] = [4.0, np.nan]
    twice = replace(twice, values=values, lines=np.arange(2, 13))
    with pytest.raises(DataError, match=r"1 rows repeat a time, first at line 5 \(2016-07-01T02.*--data.duplicates"):
        mend(twice)
    np.testing.assert_array_equal(mend(twice, duplicates="first").values, VALUES)
    np.testing.assert_array_equal(mend(twice, duplicates="mean").values[2], [3.0, 4.0])
    assert "mean" in mend(twice, duplicates="mean").notes[0]


def test_missing_values_are_refused_by_line_time_and_column() -> None:
    with pytest.raises(DataError, match=r"2 values are missing, the first at line 5 \(2016-07-01T03.*'b'.*--data.miss"):
        mend(with_values((3, 1), (4, 1)))


def test_missing_values_lie_on_a_line_or_are_the_last_known() -> None:
    hidden = with_values((3, 1), (4, 1))
    np.testing.assert_allclose(mend(hidden, "interpolate").values[3:5, 1], [4 + 7, 4 + 14])
    np.testing.assert_array_equal(mend(hidden, "last").values[3:5, 1], [4, 4])
    np.testing.assert_array_equal(mend(hidden, "last").values[:, 0], VALUES[:, 0])
    assert "look at the next" in mend(hidden, "interpolate").notes[0]


def test_last_never_looks_ahead() -> None:
    hidden = with_values((3, 1), (4, 1), (7, 0))
    later = replace(hidden, values=np.where(np.arange(10)[:, None] > 4, hidden.values + 100, hidden.values))
    np.testing.assert_array_equal(mend(hidden, "last").values[:5], mend(later, "last").values[:5])


@pytest.mark.parametrize("way", ["interpolate", "last"])
def test_rows_before_the_first_value_are_cut_and_the_end_keeps_the_last(way: str) -> None:
    rows = mend(with_values((0, 0), (1, 0), (0, 1), (9, 1)), way)
    assert rows.times[0] == TIMES[2]
    assert rows.values[-1, 1] == 64
    assert any("first 2 rows were cut" in note for note in rows.notes)


def test_a_channel_that_is_mostly_missing_is_refused() -> None:
    with pytest.raises(DataError, match="60% of the column 'b' is missing"):
        mend(with_values(*((row, 1) for row in range(6))), "last")


def test_rows_that_are_not_there_are_missing_values() -> None:
    gap = WHOLE.take(np.array([0, 1, 2, 3, 6, 7, 8, 9]))
    with pytest.raises(DataError, match=r"2 rows are missing at a step of 3600 seconds, the first after line 5 .*T06"):
        mend(gap)
    rows = mend(gap, "interpolate")
    np.testing.assert_array_equal(rows.times, TIMES)
    np.testing.assert_allclose(rows.values[:, 0], VALUES[:, 0])
    assert len(rows.notes) == 1
    np.testing.assert_array_equal(mend(gap, "last").values[4:6], VALUES[[3, 3]])


def test_a_gap_too_long_to_fill_costs_no_memory() -> None:
    far = replace(WHOLE, times=np.concatenate((TIMES[:9], [np.datetime64("2300-01-01", "s")])))
    with pytest.raises(DataError, match="too much to fill"):
        mend(far, "last")


def test_times_off_the_grid_are_refused_or_put_on_it() -> None:
    times = TIMES.copy()
    times[4] += np.timedelta64(1800, "s")
    off = replace(WHOLE, times=times, values=(times - TIMES[0]).astype(np.float64)[:, None] @ np.ones((1, 2)))
    with pytest.raises(DataError, match=r"not 3600 seconds apart throughout, first at line 6 .*--data.irregular"):
        mend(off)
    rows = mend(off, irregular="regrid")
    np.testing.assert_array_equal(rows.times, TIMES)
    np.testing.assert_allclose(rows.values[:, 0], 3600 * np.arange(10))  # straight lines are kept as they are


def test_one_row_or_one_time_is_no_series() -> None:
    with pytest.raises(DataError, match="one row alone"):
        mend(WHOLE.take(np.array([0])))
    with pytest.raises(DataError, match="one time alone"):
        mend(WHOLE.take(np.array([0, 0])), duplicates="first")
