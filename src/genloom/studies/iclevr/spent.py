"""How long a training took, by its own log or by the card that came with it."""

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
