from datetime import datetime

import numpy as np
import pytest
import torch

from genloom.data.series.calendar import cycle_index, mark_names, marks, season
from genloom.data.series.clock import grid
from genloom.errors import InputError

HOUR = np.timedelta64(3600, "s")


def test_marks_are_those_of_the_standard_library() -> None:
    times = grid(np.datetime64("2016-02-27T05:00:00"), HOUR, 10_000)
    found = marks(times, HOUR)
    for time, row in zip(times[::97].tolist(), found[::97], strict=True):
        assert isinstance(time, datetime)
        known = (time.hour / 23, time.weekday() / 6, (time.day - 1) / 30, (time.timetuple().tm_yday - 1) / 365)
        torch.testing.assert_close(row, torch.tensor(known) - 0.5)


@pytest.mark.parametrize(("step", "count"), [((1, "m"), 5), ((1, "h"), 4), ((1, "D"), 3), ((7, "D"), 2), ((1, "M"), 1)])
def test_marks_stay_within_half_and_are_as_many_as_their_names(step: tuple[int, str], count: int) -> None:
    length = np.timedelta64(*step)
    times = grid(np.datetime64("2000-01-01", "s"), length, 3000)
    found = marks(times, length)
    assert found.shape == (3000, count) == (3000, len(mark_names(length)))
    assert found.dtype == torch.float32
    assert float(found.abs().max()) <= 0.5


def test_minutes_run_from_minus_to_plus_half() -> None:
    step = np.timedelta64(60, "s")
    minute = marks(grid(np.datetime64("2000-01-01", "s"), step, 60), step)[:, 0]
    torch.testing.assert_close(minute, torch.linspace(-0.5, 0.5, 60))


def test_the_season_is_a_day_of_hours_and_a_year_of_months() -> None:
    assert season(HOUR) == 24
    assert season(np.timedelta64(3, "M")) == 4
    assert season(np.timedelta64(10, "Y")) == 1


def test_a_cycle_is_that_of_the_clock_and_goes_on_after_the_training_rows() -> None:
    times = grid(np.datetime64("2016-07-01", "s"), HOUR, 400)
    of_week = cycle_index(times, 168)
    assert of_week.dtype == torch.int64
    assert int(of_week[0]) == 4 * 24  # a Friday
    torch.testing.assert_close(cycle_index(times[100:], 168), of_week[100:])
    torch.testing.assert_close(cycle_index(times, 24), of_week % 24)


def test_the_cycle_of_months_is_the_year() -> None:
    times = grid(np.datetime64("1969-11-30", "s"), np.timedelta64(1, "M"), 30)
    index = cycle_index(times, 12, np.timedelta64(1, "M"))
    assert index[:3].tolist() == [10, 11, 0]


def test_what_makes_no_cycle_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1 row"):
        cycle_index(grid(np.datetime64("2020-01-01", "s"), HOUR, 3), 0)
    with pytest.raises(InputError, match="one time alone"):
        cycle_index(grid(np.datetime64("2020-01-01", "s"), HOUR, 1), 24)
