import numpy as np
import pytest

from genloom.data.series.clock import grid
from genloom.data.series.regular import find_steps

START = np.datetime64("2016-07-01T05:00:00")


@pytest.mark.parametrize("step", [(1, "s"), (15, "m"), (1, "h"), (1, "D"), (7, "D")])
def test_a_grid_of_seconds_is_found_with_and_without_gaps(step: tuple[int, str]) -> None:
    whole = grid(START, np.timedelta64(*step), 50)
    kept = np.delete(np.arange(50), [3, 4, 20])
    for rows in (np.arange(50), kept):
        found = find_steps(whole[rows])
        assert found.step == np.timedelta64(*step)
        np.testing.assert_array_equal(found.places, rows)


@pytest.mark.parametrize(("step", "start"), [(1, "2015-01-31"), (1, "2015-03-01"), (3, "2015-01-01"),
                                             (12, "1959-01-01")])
def test_a_grid_of_months_is_found_with_and_without_gaps(step: int, start: str) -> None:
    whole = grid(np.datetime64(start, "s"), np.timedelta64(step, "M"), 30)
    kept = np.delete(np.arange(30), [7])
    for rows in (np.arange(30), kept):
        found = find_steps(whole[rows])
        assert found.step == np.timedelta64(step, "M")
        np.testing.assert_array_equal(found.places, rows)


def test_the_first_row_off_the_grid_is_named() -> None:
    times = grid(START, np.timedelta64(1, "h"), 20)
    times[7] += np.timedelta64(60, "s")
    found = find_steps(times)
    assert (found.places, found.fault, found.step) == (None, 7, np.timedelta64(3600, "s"))


def test_scattered_times_are_not_a_series_of_seconds_with_gaps() -> None:
    times = START + np.cumsum(np.random.default_rng(0).integers(1, 10_000, 200)).astype("timedelta64[s]")
    assert find_steps(times).places is None
