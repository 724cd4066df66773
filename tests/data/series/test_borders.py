import numpy as np
import pytest

from genloom.data.series.borders import Borders, borders
from genloom.data.series.clock import grid
from genloom.data.series.series import Series
from genloom.errors import InputError

HOUR = np.timedelta64(3600, "s")


def hourly(rows: int, step: np.timedelta64 = HOUR) -> Series:
    return Series(np.zeros((rows, 1)), grid(np.datetime64("2016-07-01", "s"), step, rows), ("a",), step)


def test_ett_has_12_4_and_4_months_of_30_days() -> None:
    parts = borders(hourly(17_420), "ett", lookback=96, horizon=720)
    assert parts == Borders(slice(0, 8640), slice(8640, 11_520), slice(11_520, 14_400))
    assert parts.windows(96, 720) == (7825, 2161, 2161)


def test_ett_by_the_minute_has_four_times_as_many() -> None:
    parts = borders(hourly(69_680, np.timedelta64(900, "s")), "ett", lookback=96, horizon=720)
    assert parts == Borders(slice(0, 34_560), slice(34_560, 46_080), slice(46_080, 57_600))


@pytest.mark.parametrize("rows", [10, 1000, 17_420])
def test_shares_are_whole_rows_and_cover_the_series(rows: int) -> None:
    parts = borders(hourly(rows), "ratio", lookback=1, horizon=1)
    assert [part.stop for part in parts] == [rows * 7 // 10, rows * 8 // 10, rows]
    assert parts.train.start == 0
    assert (parts.valid.start, parts.test.start) == (parts.train.stop, parts.valid.stop)


def test_dates_begin_a_part_with_the_first_row_not_before_them() -> None:
    parts = borders(hourly(100), "dates", lookback=5, horizon=5, valid_from="2016-07-02 12:30", test_from="2016-07-04")
    assert parts == Borders(slice(0, 37), slice(37, 72), slice(72, 100))


def test_windows_are_counted_where_the_lookback_leaves_the_part() -> None:
    assert Borders(slice(0, 10), slice(10, 15), slice(15, 20)).windows(4, 3) == (4, 3, 3)
    assert Borders(slice(0, 2), slice(2, 15), slice(15, 20)).windows(4, 3) == (-4, 9, 3)


@pytest.mark.parametrize(("asked", "told"), [
    ({"lookback": 96, "horizon": 720}, r"train part has 700 rows and a window needs 816.*at most 604"),
    ({"lookback": 96, "horizon": 150}, r"valid part has 100 rows and a window needs 150.*at most 100"),
    ({"lookback": 800, "horizon": 1}, r"train part has 700.*lookback of at most 699"),
    ({"lookback": 0, "horizon": 1}, "at least 1 each"),
    ({"lookback": 1, "horizon": 1, "ratio": (0.7, 0.2, 0.2)}, "add up to at most 1"),
    ({"lookback": 1, "horizon": 1, "kind": "ett"}, "14,400 rows"),
    ({"lookback": 1, "horizon": 1, "kind": "thirds"}, "one of ett, ratio, dates"),
    ({"lookback": 1, "horizon": 1, "kind": "dates", "valid_from": "soon"}, "a time such as"),
    ({"lookback": 1, "horizon": 1, "kind": "dates", "valid_from": "", "test_from": "2016-07-04"}, "a time such as"),
    ({"lookback": 1, "horizon": 1, "kind": "dates", "valid_from": "2016-07-04", "test_from": "2016-07-03"}, "in order"),
])
def test_what_does_not_fit_is_told_with_its_numbers(asked: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        borders(hourly(1000), **asked)  # type: ignore[arg-type]


def test_months_have_no_30_days() -> None:
    with pytest.raises(InputError, match="divides 30 days"):
        borders(hourly(1000, np.timedelta64(1, "M")), "ett", lookback=1, horizon=1)


def test_a_horizon_beyond_the_rows_is_told_what_both_may_be_together() -> None:
    with pytest.raises(InputError, match="take a lookback and a horizon that are 70 together at most"):
        borders(hourly(100), lookback=80, horizon=500)
