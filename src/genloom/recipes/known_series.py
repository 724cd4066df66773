"""What a run of a forecaster keeps of its series: which channels it has, in which order, and how far rows are apart."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genloom.data.series.clock import seconds
from genloom.data.series.series import Series
from genloom.errors import DataError
from genloom.training.files import write_atomically

FILE = "series.json"
"""Its name in the folder of a run."""


@dataclass(frozen=True)
class KnownSeries:
    """Enough to know the channels again in a file that has grown since, or has other columns or another order of them.

    channels   names, in the order of the weights and units
    seconds    from one row to the next; a month counts as the mean month
    """

    channels: tuple[str, ...]
    seconds: float

    @classmethod
    def of(cls, series: Series) -> "KnownSeries":
        """Those of a series."""
        return cls(series.channels, seconds(series.step))

    def write(self, folder: Path) -> None:
        """Put it into a folder, whole or not at all."""
        body = {"channels": list(self.channels), "seconds": self.seconds}
        write_atomically(folder / FILE, json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n")

    def check(self, series: Series) -> None:
        """Refuse a series with another step, whose rows mean other times.

        Errors: `DataError`.
        """
        now = seconds(series.step)
        if not np.isclose(now, self.seconds):
            raise DataError(f"{series.description}: rows are {now:,g} seconds apart, and were {self.seconds:,g} when "
                            "this run was trained; bring the former file back, or train anew")


def of_run(run: Path) -> KnownSeries | None:
    """What a run keeps; None of one that was made before runs kept it.

    Errors: `DataError` for a file that cannot be read.
    """
    path = run / FILE
    if not path.is_file():
        return None
    try:
        body = json.loads(path.read_text("utf-8"))
        channels, apart = body["channels"], float(body["seconds"])
        if not channels or not all(isinstance(name, str) for name in channels) or not apart > 0:
            raise ValueError("no channels, or no step")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); delete it to take the columns as they come") from error
    return KnownSeries(tuple(channels), apart)
