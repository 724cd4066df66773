"""A multivariate time series on a regular grid of times."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genloom.data.series.clock import Times, grid
from genloom.errors import DataError, UnknownName


@dataclass(frozen=True, eq=False)
class Series:
    """Values of C channels at N times of equal distance.

    values        (N, C) float64, finite
    times         (N,) datetime64[s], times[i + 1] − times[i] = step
    channels      C names, all different
    step          timedelta64 in seconds, or in calendar months
    description   one line: what it is and where it comes from
    digest        SHA-256 of values, times and names
    notes         what was changed while it was read, one line each

    Errors: `DataError` for other shapes, values that are not finite, times off the grid, or names that repeat.
    """

    values: NDArray[np.float64]
    times: Times
    channels: tuple[str, ...]
    step: np.timedelta64
    description: str = ""
    digest: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = self.values.shape
        if len(shape) != 2 or min(shape) == 0 or shape != (len(self.times), len(self.channels)):
            raise DataError(f"a series needs values (N, C) with N times and C names above 0; these are "
                            f"{shape} with {len(self.times)} times and {len(self.channels)} names")
        if len(set(self.channels)) != len(self.channels):
            raise DataError(f"the channels {', '.join(self.channels)} of a series must have different names")
        if not np.isfinite(self.values).all():
            raise DataError("the values of a series must be finite; fill or drop what is missing first")
        if not np.array_equal(self.times, grid(self.times[0], self.step, len(self.times))):
            raise DataError(f"the times of a series must be {self.step} apart, from the first to the last")
        if not self.digest:
            object.__setattr__(self, "digest", _digest(self))

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        return f"Series({len(self):,} × {len(self.channels)}, {self.times[0]} … {self.times[-1]}, step {self.step})"

    def index(self, channel: str) -> int:
        """Column of a channel.

        Errors: `UnknownName`, with the nearest name.
        """
        if channel not in self.channels:
            raise UnknownName("channel", channel, self.channels)
        return self.channels.index(channel)

    def select(self, channels: Sequence[str]) -> "Series":
        """The same series with these channels alone, in this order.

        Errors: `UnknownName`.
        """
        columns = [self.index(channel) for channel in channels]
        return replace(self, values=self.values[:, columns], channels=tuple(channels), digest="")


def _digest(series: Series) -> str:
    digest = hashlib.sha256("\0".join(series.channels).encode())
    digest.update(series.times.astype("datetime64[s]").astype("<i8").tobytes())
    digest.update(np.ascontiguousarray(series.values, dtype="<f8").tobytes())
    return digest.hexdigest()
