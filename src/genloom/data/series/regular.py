"""Finding the grid that times lie on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloom.data.series.clock import DAY, Times, grid

_OFTEN = 0.5  # share of the distances that must equal the step, for others to count as gaps


class Steps(NamedTuple):
    """The step of times, and where they lie on its grid.

    step     the most frequent distance, in seconds or in calendar months
    places   (N,) number of steps after the first time, or None where times lie off the grid
    fault    the first row that lies off the grid, −1 where none does
    """

    step: np.timedelta64
    places: NDArray[np.int64] | None
    fault: int = -1


def find_steps(times: Times) -> Steps:
    """The grid of at least two increasing times; months where days do not fit, as in the first days of months.

    A grid needs that more than half of the distances are one step, so that times that are only whole seconds, and
    otherwise scattered, do not pass for a series of seconds with gaps.
    """
    apart = np.diff(times).astype(np.int64)
    lengths, counts = np.unique(apart, return_counts=True)
    usual = int(lengths[counts.argmax()])
    after = (times - times[0]).astype(np.int64)
    step = np.timedelta64(usual, "s")
    if not (after % usual).any() and counts.max() > _OFTEN * len(apart):
        return Steps(step, after // usual)
    if usual >= 28 * int(DAY.astype(np.int64)):
        monthly = _months(times)
        if monthly is not None:
            return monthly
    if counts.max() > _OFTEN * len(apart):
        return Steps(step, None, int(np.flatnonzero(after % usual)[0]))
    middle = max(1, int(np.median(apart)))
    return Steps(np.timedelta64(middle, "s"), None, int(np.flatnonzero(apart != middle)[0]) + 1)


def _months(times: Times) -> Steps | None:
    """The grid of whole months, or None where the times lie on none."""
    months = times.astype("datetime64[M]").astype(np.int64)
    lengths, counts = np.unique(np.diff(months), return_counts=True)
    usual = int(lengths[counts.argmax()])
    after = months - months[0]
    if usual < 1 or (after % usual).any() or counts.max() <= _OFTEN * len(times[1:]):
        return None
    step, places = np.timedelta64(usual, "M"), after // usual
    return Steps(step, places) if np.array_equal(grid(times[0], step, int(places[-1]) + 1)[places], times) else None
