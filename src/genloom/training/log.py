"""metrics.jsonl: means over each interval, as rows that depend on the recipe alone, resumed or not."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genloom.errors import CheckpointError
from genloom.training import files


class Means:
    """Running sums, in float64, of the metrics since the last row; a checkpoint keeps them, so rows go on equal."""

    def __init__(self) -> None:
        self._sums: dict[str, list[float]] = {}

    def add(self, name: str, value: float) -> None:
        """Count one value."""
        entry = self._sums.get(name)
        if entry is None:
            self._sums[name] = [value, 1]
        else:
            entry[0] += value
            entry[1] += 1

    def means(self) -> dict[str, float]:
        """Mean of each metric since the last reset."""
        return {name: total / count for name, (total, count) in self._sums.items()}

    def reset(self) -> None:
        """Start the next interval."""
        self._sums = {}

    def state(self) -> dict[str, list[float]]:
        """The sums and counts; JSON keeps every bit of a float64."""
        return {name: list(entry) for name, entry in self._sums.items()}

    def restore(self, state: Mapping[str, Sequence[float]]) -> None:
        """Go on from a saved state.

        Errors: `CheckpointError` if it is not one.
        """
        try:
            self._sums = {name: [float(total), int(count)] for name, (total, count) in state.items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise CheckpointError(f"the checkpoint's sums of metrics cannot be read: {error}") from error


def finite(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with null for NaN and infinity, which JSON has not.

    >>> finite({"loss": float("nan"), "step": 3})
    {'loss': None, 'step': 3}
    """
    return {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()}


def truncate(path: Path, step: int) -> None:
    """Drop the rows after `step`, and a torn last line, from a log."""
    if path.is_file():
        rows = [row for row in files.read_rows(path) if isinstance(row.get("step"), int) and row["step"] <= step]
        files.write_atomically(path, "".join(json.dumps(row) + "\n" for row in rows).encode())
