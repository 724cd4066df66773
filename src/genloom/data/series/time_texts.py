"""Times written as text or numbers: ISO 8601 and the common formats, and none that can be read in two ways."""

import re
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloom.data.series.clock import Times
from genloom.errors import GenloomError

_ISO = re.compile(r"\d{4}-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d([.,]\d{1,9})?)?)?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?")
_ZONE = re.compile(r"(?<=[\d ])\s*(Z|UTC|[+-]\d\d:?\d\d)$")
_PARTS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})"
                    r"(?:[T ,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*([AaPp][Mm])?)?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T ]?(\d\d):?(\d\d):?(\d\d)?)?")
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?([.,]\d+)?(\s*[AaPp][Mm])?")
_YEARS = range(1600, 2400)  # what is read beyond them was no time


class TimeFault(GenloomError):
    """A text that is no time, or one that can be read in two ways: its place in the sequence, and why."""

    def __init__(self, index: int, reason: str) -> None:
        self.index, self.reason = index, reason
        super().__init__(reason)


class Read(NamedTuple):
    """Times (N,) datetime64[s], and what should be known about how they were read."""

    times: Times
    notes: tuple[str, ...] = ()


def is_clock(text: str) -> bool:
    """Whether a text is a time of day without a date."""
    return _CLOCK.fullmatch(text.strip()) is not None


def is_time(text: str) -> bool:
    """Whether a text has the form of a time; digits alone have not."""
    text = text.strip()
    return any(form.fullmatch(text) for form in (_ISO, _PARTS)) or (
        not text.isdigit() and _COMPACT.fullmatch(text) is not None)


def parse(texts: Sequence[str]) -> Read:
    """Times of texts: ISO 8601, 20160701, 2016/7/1 5:00, 31.12.2016, 12/31/2016 5:00 PM, with or without a zone.

    Whether a month or a day comes first must follow from a number above 12 somewhere in the column, or from points
    between the numbers, which day-first formats alone have.

    Errors: `TimeFault`.
    """
    stripped = [text.strip() for text in texts]
    if not _ISO.fullmatch(stripped[0]):
        return _by_parts(stripped)
    zoned = _ZONE.search(stripped[0]) is not None
    if zoned:
        return _with_zones(stripped)
    return Read(_seconds(_iso(stripped)))


def one_time(text: str) -> np.datetime64 | None:
    """The time of a text such as 2016-07-01 or 2016-07-01 05:00, as a person types it; None for what is no such time.

    Zones are none: times of a series have none either.

    >>> str(one_time("2016-07-01 05:00")), one_time("tomorrow"), one_time("2016-07-01T05:00Z")
    ('2016-07-01T05:00:00', None, None)
    """
    times = _understood([text.strip().replace(" ", "T")])
    return None if times is None else times[0].astype("datetime64[s]")


def from_numbers(numbers: NDArray[np.float64]) -> Read:
    """Times of numbers: years such as 1959, dates such as 20160701, or seconds or milliseconds since 1970 (UTC).

    Errors: `TimeFault`.
    """
    bad = np.flatnonzero(~((np.abs(numbers) < 2.0**53) & (numbers == np.floor(numbers))))
    if len(bad):
        raise TimeFault(int(bad[0]), f"{numbers[bad[0]]:g} is not a time")
    whole = numbers.astype(np.int64)
    low, high = int(whole.min()), int(whole.max())
    if low in _YEARS and high in _YEARS:
        return Read((whole - 1970).astype("datetime64[Y]").astype("datetime64[s]"))
    if low >= _YEARS[0] * 10_000 and high < _YEARS[-1] * 10_000:
        return _by_parts([str(number) for number in whole.tolist()])
    if low >= 10**8 and high < 10**10:
        return Read(whole.astype("datetime64[s]"), ("times are read as seconds since 1970, in UTC",))
    if low >= 10**11 and high < 10**13:
        return Read(_seconds(whole.astype("datetime64[ms]")), ("times are read as milliseconds since 1970, in UTC",))
    raise TimeFault(0, f"numbers from {low} to {high} are not years, dates such as 20160701, or seconds since 1970")


def _iso(texts: list[str]) -> NDArray[np.datetime64]:
    times = _understood(texts)
    if times is None:
        wrong = ((index, text) for index, text in enumerate(texts) if _understood([text]) is None)
        raise next((TimeFault(index, _no_time(text)) for index, text in wrong),
                   TimeFault(0, "the column has several formats of times"))
    return times


def _understood(texts: list[str]) -> NDArray[np.datetime64] | None:
    """The times as numpy reads them, or None; numpy also knows "today", years of any size, and zones with a warning."""
    try:
        with warnings.catch_warnings(action="error"):
            times = np.array(texts, dtype="datetime64[us]")
    except (ValueError, UserWarning, DeprecationWarning):
        return None
    years = times.astype("datetime64[Y]").astype(np.int64) + 1970
    fits = not np.isnat(times).any() and int(years.min()) in _YEARS and int(years.max()) in _YEARS
    return times if fits and all(text[:1].isdigit() for text in texts) else None


def _no_time(text: str) -> str:
    return f"{text[:40]!r} is not a time such as 2016-07-01 05:00:00" if text else "the time is empty"


def _seconds(times: NDArray[np.datetime64]) -> Times:
    whole = times.astype("datetime64[s]")
    split = np.flatnonzero(whole != times)
    if len(split):
        raise TimeFault(int(split[0]), f"{times[split[0]]} is between two seconds; steps below a second are not read")
    return whole


def _with_zones(texts: list[str]) -> Read:
    bare, zones = [], []
    for index, text in enumerate(texts):
        found = _ZONE.search(text)
        if found is None:
            raise TimeFault(index, f"{text[:40]!r} has no zone, and the rows before have one")
        bare.append(text[: found.start()].rstrip())
        zones.append(found[1])
    times = _seconds(_iso(bare))
    if len(set(zones)) == 1:
        return Read(times, (f"times are those of the zone {zones[0]}",))
    offset = {zone: 0 if zone in ("Z", "UTC") else _offset(zone) for zone in set(zones)}
    return Read(times - np.array([offset[zone] for zone in zones]).astype("timedelta64[m]"),
                ("times have several zones and are read as UTC",))


def _offset(zone: str) -> int:
    minutes = 60 * int(zone[1:3]) + int(zone[-2:])
    return minutes if zone[0] == "+" else -minutes


def _by_parts(texts: list[str]) -> Read:
    """Times of texts that numpy does not read, each taken apart."""
    parts = [_taken_apart(index, text) for index, text in enumerate(texts)]
    numbers = np.array([part[:6] for part in parts])
    year_first = numbers[:, 0] > 31
    if not year_first.all():
        index = int(np.argmax(year_first)) if year_first.any() else -1
        if index >= 0 or (numbers[:, 2] < 100).any():
            at = max(index, 0)
            raise TimeFault(at, f"{texts[at][:40]!r} has no year of four digits at the place that other rows have it")
        numbers = numbers[:, [2, 0, 1, 3, 4, 5] if _month_first(texts, numbers) else [2, 1, 0, 3, 4, 5]]
    return Read(_assembled(texts, numbers))


def _taken_apart(index: int, text: str) -> tuple[int, ...]:
    compact, parts = _COMPACT.fullmatch(text), _PARTS.fullmatch(text)
    if compact:
        return tuple(int(part or 0) for part in compact.groups())
    if parts is None:
        raise TimeFault(index, _no_time(text))
    first, _, second, third, hour, minute, second_of, half = parts.groups()
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise TimeFault(index, f"{text[:40]!r} has the hour {hours} with {half}")
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    return int(first), int(second), int(third), hours, int(minute or 0), int(second_of or 0)


def _month_first(texts: list[str], numbers: NDArray[np.int64]) -> bool:
    day_first, month_first = numbers[:, 0] > 12, numbers[:, 1] > 12
    if day_first.any() and month_first.any():
        at = max(int(np.argmax(day_first)), int(np.argmax(month_first)))
        raise TimeFault(at, f"{texts[at][:40]!r} has day and month in another order than rows before")
    if not day_first.any() and not month_first.any() and "." not in texts[0]:
        raise TimeFault(0, f"{texts[0][:40]!r} can be day or month first, and no row tells which; "
                           "write times as 2016-07-31")
    return bool(month_first.any())


def _assembled(texts: list[str], numbers: NDArray[np.int64]) -> Times:
    year, month, day, hour, minute, second = numbers.T
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    wrong = ((year < _YEARS[0]) | (year > _YEARS[-1]) | (month < 1) | (month > 12) | (day < 1) | (hour > 23)
             | (minute > 59) | (second > 59) | (days.astype("datetime64[M]") != months))
    if wrong.any():
        index = int(np.argmax(wrong))
        raise TimeFault(index, f"{texts[index][:40]!r} is no day of the calendar or no time of the day")
    return np.asarray(days.astype("datetime64[s]") + (hour * 3600 + minute * 60 + second).astype("timedelta64[s]"))
