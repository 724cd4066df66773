"""What the clock and the calendar say of a time, as numbers for a network."""

import numpy as np
import torch
from torch import Tensor

from genloom.data.series.clock import Times, in_months, seconds
from genloom.errors import InputError

_DAY, _WEEK = 86_400, 604_800
_MONDAY = np.datetime64("1970-01-05T00:00:00", "s")


def mark_names(step: np.timedelta64) -> tuple[str, ...]:
    """Which marks a series of this step has: those that can change from row to row.

    >>> mark_names(np.timedelta64(1, "h"))
    ('hour of day', 'day of week', 'day of month', 'day of year')
    """
    length = seconds(step)
    if in_months(step) or length >= 28 * _DAY:
        return ("day of year",)
    names = ("minute of hour", "hour of day", "day of week", "day of month", "day of year")
    return names[0 if length < 3600 else 1 if length < _DAY else 2 if length < _WEEK else 3 :]


def marks(times: Times, step: np.timedelta64) -> Tensor:
    """Calendar marks (N, M), float32 in [−.5, .5], in the order of `mark_names`.

    Each is i/(n − 1) − ½ for the i-th of n: minute i of 60, hour i of 24, weekday i of 7 from Monday on, day i of 31,
    day i of 366.

    >>> marks(np.array(["2016-07-01T00:00:00"], dtype="datetime64[s]"), np.timedelta64(1, "h"))
    tensor([[-0.5000,  0.1667, -0.5000, -0.0014]])
    """
    moments = times.astype("datetime64[s]")
    days = moments.astype("datetime64[D]")
    of_week = (days - _MONDAY.astype("datetime64[D]")).astype(np.int64) % 7
    of_day = (moments - days).astype(np.int64)
    counted = {
        "minute of hour": (of_day // 60 % 60, 60),
        "hour of day": (of_day // 3600, 24),
        "day of week": (of_week, 7),
        "day of month": ((days - days.astype("datetime64[M]")).astype(np.int64), 31),
        "day of year": ((days - days.astype("datetime64[Y]")).astype(np.int64), 366),
    }
    columns = [i / (n - 1) - 0.5 for i, n in (counted[name] for name in mark_names(step))]
    return torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))


def season(step: np.timedelta64) -> int:
    """The period that seasonal forecasts repeat, in rows: a day; a week of daily rows; a year of longer ones.

    >>> [season(np.timedelta64(*step)) for step in ((15, "m"), (1, "h"), (1, "D"), (7, "D"), (1, "M"))]
    [96, 24, 7, 52, 12]
    """
    if in_months(step):
        return max(1, 12 // int(step.astype("timedelta64[M]").astype(np.int64)))
    length = seconds(step)
    whole = _DAY if length < _DAY else _WEEK if length < _WEEK else 365.25 * _DAY
    return max(1, round(whole / length))


def cycle_index(times: Times, period: int, step: np.timedelta64 | None = None) -> Tensor:
    """Place of each time in a cycle of `period` rows that began on a Monday at 0:00, int64 (N,) in [0, period).

    It depends on the time alone, so that training rows and later ones agree: with hourly rows and a period of 168 it is
    the hour of the week.

    step   distance of the rows; that of the first two times when None

    Errors: `InputError` for a period below 1, or one time without a step.
    """
    if period < 1:
        raise InputError("period", period, "at least 1 row")
    if step is None and len(times) < 2:
        raise InputError("step", None, "given where there is one time alone")
    apart = times[1] - times[0] if step is None else step
    if in_months(apart):
        rows = times.astype("datetime64[M]").astype(np.int64) // int(apart.astype("timedelta64[M]").astype(np.int64))
    else:
        rows = (times.astype("datetime64[s]") - _MONDAY).astype(np.int64) // int(seconds(apart))
    return torch.from_numpy(rows % period)
