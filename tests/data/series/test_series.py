import numpy as np
import pytest

from genloom.data.series.clock import grid
from genloom.data.series.series import Series
from genloom.errors import DataError, UnknownName

HOUR = np.timedelta64(3600, "s")
TIMES = grid(np.datetime64("2020-01-01", "s"), HOUR, 3)


def series(values: np.ndarray | None = None, times: np.ndarray = TIMES,
           channels: tuple[str, ...] = ("a", "b")) -> Series:
    return Series(np.arange(6.0).reshape(3, 2) if values is None else values, times, channels, HOUR)


def test_the_digest_is_that_of_values_times_and_names() -> None:
    assert series().digest == series().digest
    changed = np.arange(6.0).reshape(3, 2)
    changed[2, 1] = np.nextafter(5.0, 6.0)
    others = (series(changed), series(times=TIMES + HOUR), series(channels=("a", "c")))
    assert len({series().digest, *(other.digest for other in others)}) == 4


def test_channels_are_selected_by_name_in_the_order_asked() -> None:
    chosen = series().select(("b", "a"))
    np.testing.assert_array_equal(chosen.values, series().values[:, ::-1])
    assert chosen.channels == ("b", "a")
    assert chosen.digest != series().digest
    assert series().index("b") == 1


def test_an_unknown_channel_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="did you mean 'HUFL'"):
        series(channels=("HUFL", "OT")).index("HUFFL")


@pytest.mark.parametrize(("broken", "told"), [
    ({"values": np.zeros((2, 2))}, "3 times"),
    ({"values": np.zeros((0, 2)), "times": TIMES[:0]}, "above 0"),
    ({"values": np.full((3, 2), np.nan)}, "finite"),
    ({"channels": ("a", "a")}, "different names"),
    ({"times": TIMES[[0, 2, 1]]}, "apart"),
])
def test_what_is_no_series_is_refused(broken: dict[str, np.ndarray], told: str) -> None:
    with pytest.raises(DataError, match=told):
        series(**broken)


def test_its_repr_is_one_line() -> None:
    assert repr(series()) == "Series(3 × 2, 2020-01-01T00:00:00 … 2020-01-01T02:00:00, step 3600 seconds)"
    assert len(series()) == 3
