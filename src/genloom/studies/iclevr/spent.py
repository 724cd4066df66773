"""How long a training took, by its own log, and how long a piece of work takes."""

import time
from collections.abc import Callable
from pathlib import Path

from genloom.report.run_page import read_columns
from genloom.studies.context import Trained


def minutes(trained: Trained) -> float:
    """Wall-clock minutes of a training; NaN where nothing tells."""
    path = trained.path / "timing.jsonl"
    return seconds(path) / 60 if path.is_file() else float("nan")


def seconds(path: Path) -> float:
    """Wall-clock seconds by a timing.jsonl, those of all processes that it took."""
    total, last = 0.0, 0.0
    for now in read_columns(path, ("seconds",))["seconds"]:
        if now < last:  # another process went on
            total += last
        last = now
    return total + last


def clock(work: Callable[[], object], times: int = 3) -> float:
    """Least wall-clock seconds of a few calls after a first one, which is slower than all others."""
    work()
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)
