"""Which rows of a series are for training, for validation and for the test."""

from typing import Literal, NamedTuple

import numpy as np

from genloom.data.series.clock import in_months, seconds
from genloom.data.series.series import Series
from genloom.data.series.time_texts import one_time
from genloom.errors import InputError

Kind = Literal["ett", "ratio", "dates"]
"""ett: 12, 4 and 4 months of 30 days; ratio: shares of the rows; dates: from given times on."""

_DAY = 86_400
_MONTHS = (12, 4, 4)
_ROUNDING = 1e-9  # .7 + .1 of 10 rows is 8 rows, though .7 + .1 < .8 in binary


class Borders(NamedTuple):
    """Rows whose values are to be forecast in each part; the three follow one another.

    A window's lookback may reach back into the part before: only what is forecast must lie in the part.
    """

    train: slice
    valid: slice
    test: slice

    def windows(self, lookback: int, horizon: int) -> tuple[int, int, int]:
        """How many windows each part has.

        >>> Borders(slice(0, 8640), slice(8640, 11520), slice(11520, 14400)).windows(96, 720)
        (7825, 2161, 2161)
        """
        train, valid, test = (part.stop - max(part.start, lookback) - horizon + 1 for part in self)
        return train, valid, test


def borders(series: Series, kind: Kind = "ratio", *, lookback: int, horizon: int,
            ratio: tuple[float, float, float] = (0.7, 0.1, 0.2), valid_from: str = "", test_from: str = "") -> Borders:
    """The parts of a series, in which windows of `lookback` + `horizon` fit.

    kind         ett: 12 + 4 + 4 months of 30 days from the first row on, the split of ETT [Zhou et al. 2021, §5.1];
                 ratio: these shares; dates: validation from the first row at or after `valid_from`, the test from
                 `test_from`, as ISO times
    ratio        shares of training, validation and test, which add up to at most 1

    Errors: `InputError` for a kind, a ratio or times that cannot be used, or when a part has no room for one window.
    """
    if lookback < 1 or horizon < 1:
        raise InputError("lookback, horizon", (lookback, horizon), "at least 1 each")
    if kind == "ett":
        ends = _months(series)
    elif kind == "ratio":
        ends = _shares(len(series), ratio)
    elif kind == "dates":
        ends = _dates(series, valid_from, test_from)
    else:
        raise InputError("borders", kind, "one of ett, ratio, dates")
    parts = Borders(slice(0, ends[0]), slice(ends[0], ends[1]), slice(ends[1], ends[2]))
    _check_room(parts, lookback, horizon)
    return parts


def _months(series: Series) -> tuple[int, int, int]:
    step = seconds(series.step)
    if in_months(series.step) or 30 * _DAY % step:
        raise InputError("borders", "ett", "for a step that divides 30 days", "use the kind ratio or dates")
    month = int(30 * _DAY // step)
    first, second, third = (month * int(count) for count in np.cumsum(_MONTHS))
    if len(series) < third:
        raise InputError("borders", "ett", f"for at least {third:,} rows, 20 months of 30 days; these are "
                         f"{len(series):,}", "use the kind ratio")
    return first, second, third


def _shares(rows: int, ratio: tuple[float, float, float]) -> tuple[int, int, int]:
    if len(ratio) != 3 or not all(0 < share < 1 for share in ratio) or sum(ratio) > 1 + _ROUNDING:
        raise InputError("ratio", ratio, "three shares above 0 that add up to at most 1", "0.7 0.1 0.2 is usual")
    first, second, third = (int(rows * share + _ROUNDING) for share in np.cumsum(ratio))
    return first, second, third


def _dates(series: Series, valid_from: str, test_from: str) -> tuple[int, int, int]:
    first, second = (_row(series, name, text) for name, text in (("valid_from", valid_from), ("test_from", test_from)))
    if not 0 < first < second < len(series):
        raise InputError("valid_from, test_from", (valid_from, test_from),
                         f"in order and inside {series.times[0]} … {series.times[-1]}")
    return first, second, len(series)


def _row(series: Series, name: str, text: str) -> int:
    moment = one_time(text)
    if moment is None:
        raise InputError(name, text, "a time such as 2017-06-26 or 2017-06-26T00:00:00, without a zone")
    return int(np.searchsorted(series.times, moment))


def _check_room(parts: Borders, lookback: int, horizon: int) -> None:
    for name, part, windows in zip(parts._fields, parts, parts.windows(lookback, horizon), strict=True):
        if windows >= 1:
            continue
        rows = part.stop - part.start
        needed = horizon + max(0, lookback - part.start)
        raise InputError("lookback, horizon", (lookback, horizon), f"so small that one window fits into each part: the "
                         f"{name} part has {rows:,} rows and a window needs {needed:,}",
                         _remedy(name, lookback, horizon, part))


def _remedy(name: str, lookback: int, horizon: int, part: slice) -> str:
    rows, room = part.stop - part.start, part.stop - max(part.start, lookback)
    if rows < 2:
        return f"take a larger {name} part or more rows"
    shorter = (f"take a horizon of at most {room}" if room >= 1 else
               f"take a lookback of at most {part.stop - horizon}" if horizon < rows else
               f"take a lookback and a horizon that are {part.stop} together at most")
    return f"{shorter}, or a larger {name} part"
