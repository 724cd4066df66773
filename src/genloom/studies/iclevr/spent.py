"""How long a training took, by its own log, and how long a piece of work takes."""

import time
from collections.abc import Callable

from genloom.report.run_page import training_seconds
from genloom.studies.context import Trained


def minutes(trained: Trained) -> float:
    """Wall-clock minutes of a training; NaN where nothing tells."""
    return training_seconds(trained.path / "timing.jsonl") / 60 or float("nan")


def clock(work: Callable[[], object], times: int = 3) -> float:
    """Least wall-clock seconds of a few calls after a first one, which is slower than all others."""
    work()
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)
