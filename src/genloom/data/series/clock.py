"""Steps of time: seconds, or calendar months, whose lengths in seconds differ."""

import numpy as np
from numpy.typing import NDArray

from genloom.errors import InputError

Times = NDArray[np.datetime64]
"""Times of shape (N,), datetime64[s]."""

DAY = np.timedelta64(86_400, "s")
_MONTH = 30.436875 * 86_400  # the mean month of the Gregorian calendar, in seconds


def seconds(step: np.timedelta64) -> float:
    """Length of a step in seconds; a month counts as the mean month, 30.436875 days.

    >>> seconds(np.timedelta64(1, "h")), seconds(np.timedelta64(1, "M"))
    (3600.0, 2629746.0)
    """
    if in_months(step):
        return float(step.astype("timedelta64[M]").astype(np.int64)) * _MONTH
    return float(step / np.timedelta64(1, "s"))


def in_months(step: np.timedelta64) -> bool:
    """Whether a step counts calendar months (or years) and not seconds."""
    return np.datetime_data(step.dtype)[0] in ("M", "Y")


def grid(start: np.datetime64, step: np.timedelta64, count: int) -> Times:
    """Times start, start + step, …, `count` of them.

    Steps of months keep the day of the month, or the last day where the start is on one, so that 31 January is
    followed by 28 February.

    >>> [str(day)[:10] for day in grid(np.datetime64("2023-01-31", "s"), np.timedelta64(1, "M"), 3)]
    ['2023-01-31', '2023-02-28', '2023-03-31']

    Errors: `InputError` for a step that is not positive.
    """
    if step.astype(np.int64) <= 0:
        raise InputError("step", str(step), "a positive length of time")
    first = start.astype("datetime64[s]")
    if not in_months(step):
        return np.asarray(first + np.arange(count) * step.astype("timedelta64[s]"), dtype="datetime64[s]")
    months = first.astype("datetime64[M]") + np.arange(count) * step.astype("timedelta64[M]")
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    own = first.astype("datetime64[M]")
    day = int((first.astype("datetime64[D]") - own.astype("datetime64[D]")).astype(np.int64))
    last = day + 1 == int(((own + 1).astype("datetime64[D]") - own.astype("datetime64[D]")).astype(np.int64))
    days = months.astype("datetime64[D]") + (length - 1 if last else np.minimum(day, length - 1))
    return np.asarray(days.astype("datetime64[s]") + (first - first.astype("datetime64[D]")), dtype="datetime64[s]")


def following(last: np.datetime64, step: np.timedelta64, count: int) -> Times:
    """The `count` times after `last`, which is not among them.

    >>> following(np.datetime64("2018-06-26T19:00:00"), np.timedelta64(3600, "s"), 2)
    array(['2018-06-26T20:00:00', '2018-06-26T21:00:00'], dtype='datetime64[s]')
    """
    return grid(last, step, count + 1)[1:]
