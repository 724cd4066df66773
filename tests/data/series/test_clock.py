import numpy as np
import pytest

from genloom.data.series.clock import following, grid, in_months, seconds
from genloom.errors import InputError


def test_steps_of_seconds_are_multiples() -> None:
    times = grid(np.datetime64("2016-07-01T00:00:00"), np.timedelta64(15, "m"), 5)
    assert times.dtype == np.dtype("datetime64[s]")
    assert (np.diff(times) == np.timedelta64(900, "s")).all()


@pytest.mark.parametrize(("start", "last"), [("2023-01-31", "2024-02-29"), ("2023-01-15", "2024-02-15"),
                                             ("2022-12-30", "2024-01-30"), ("2023-01-01T05:00", "2024-02-01T05:00")])
def test_months_keep_their_day_and_ends_of_months_stay_ends(start: str, last: str) -> None:
    times = grid(np.datetime64(start, "s"), np.timedelta64(1, "M"), 14)
    assert times[-1] == np.datetime64(last, "s")
    assert len(set(times.astype("datetime64[M]").tolist())) == 14


def test_the_30th_falls_on_the_last_day_of_february() -> None:
    assert str(grid(np.datetime64("2022-12-30", "s"), np.timedelta64(1, "M"), 3)[2])[:10] == "2023-02-28"


def test_years_are_twelve_months() -> None:
    step = np.timedelta64(1, "Y")
    assert in_months(step)
    assert seconds(step) == pytest.approx(365.2425 * 86_400)
    assert str(following(np.datetime64("2020-02-29", "s"), step, 1)[0])[:10] == "2021-02-28"


def test_what_follows_continues_the_grid() -> None:
    start, step = np.datetime64("2020-01-01", "s"), np.timedelta64(3600, "s")
    whole = grid(start, step, 10)
    np.testing.assert_array_equal(following(whole[5], step, 4), whole[6:])


def test_a_step_must_be_positive() -> None:
    with pytest.raises(InputError, match="positive"):
        grid(np.datetime64("2020-01-01", "s"), np.timedelta64(0, "s"), 2)
