"""The page of one run: how it stands, how its loss fell, its numbers, and what its family has to show."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genloom.report.figures import canvas, save_figure
from genloom.report.plots import loss_curve
from genloom.report.results import Item, Page, Result

_MAX_ROW = 100_000  # characters of one row of a log
_MAX_ROWS = 2_000_000


def run_page(run: Path, *, title: str, summary: str, facts: Sequence[tuple[str, str]], status: Mapping[str, Any],
             items: Sequence[Item], next_commands: Sequence[str] = ()) -> Page:
    """The page of the run in folder `run`; anything but a finished run says at its top how far it came.

    facts    lines under the title, data first
    status   "state", "step", "steps" and "reason", as in status.json
    """
    finished = status.get("state") == "finished"
    return Page(title=title, kind="run", name=run.name, summary=summary, facts=tuple(facts), items=tuple(items),
                complete=finished, notice="" if finished else notice(status), next_commands=tuple(next_commands))


def notice(status: Mapping[str, Any]) -> str:
    """What became of a run that is not finished, as a sentence.

    >>> notice({"state": "interrupted", "step": 120, "steps": 3000, "reason": "stopped by signal 2"})
    'This run is interrupted at step 120 of 3000: stopped by signal 2.'
    """
    reason = f": {str(status['reason']).rstrip('.')}" if status.get("reason") else ""
    state = status.get("state", "in an unknown state")
    state = "has failed" if state == "failed" else f"is {state}"
    return f"This run {state} at step {status.get('step', '?')} of {status.get('steps', '?')}{reason}."


def numbers_item(results: Sequence[Result], number: str = "0") -> Item:
    """The numbers of a run, each beside its known answer."""
    return Item(number=number, title="Numbers beside their known answers", results=tuple(results))


def training_item(run: Path, provenance: Mapping[str, str], *, number: str = "1", known: float | None = None,
                  known_name: str = "") -> Item:
    """The loss curve of metrics.jsonl, saved as figures/training.png; missing where there is no row yet.

    known   the least loss there is, as a dashed line
    """
    steps, losses = read_losses(run / "metrics.jsonl")
    if not steps:
        return Item(number=number, title="Training", status="missing", reason="metrics.jsonl holds no loss yet.")
    figure, (axes,) = canvas()
    loss_curve(axes, steps, losses, known=known, known_name=known_name, window=max(2, min(25, len(losses) // 10)))
    alt = f"The training loss over {steps[-1]} steps: {losses[0]:.4g} at step {steps[0]}, {losses[-1]:.4g} at the end"
    beside = f", beside the {known_name}" if known is not None else ""
    return Item(number=number, title="Training", figures=(
        save_figure(figure, run / "figures" / "training.png", provenance, folder=run, alt=alt,
                    caption=f"The training loss over the steps{beside}."),))


def read_losses(path: Path) -> tuple[list[int], list[float]]:
    """Steps and losses of a metrics log; rows that are torn or have none are passed over."""
    pairs = [(row["step"], float(row["loss"])) for row in _rows(path)
             if isinstance(row.get("step"), int) and isinstance(row.get("loss"), int | float)]
    return [step for step, _ in pairs], [loss for _, loss in pairs]


def read_columns(path: Path, names: Sequence[str]) -> dict[str, list[float]]:
    """Columns of a metrics log, equally long; rows that are torn or lack one of the numbers are passed over."""
    found = [row for row in _rows(path) if all(isinstance(row.get(name), int | float) for name in names)]
    return {name: [float(row[name]) for row in found] for name in names}


def training_seconds(path: Path) -> float:
    """Wall-clock seconds of a training by its timing.jsonl, those of all processes that it took; 0 without a row."""
    total, last = 0.0, 0.0
    for now in read_columns(path, ("seconds",))["seconds"]:
        if now < last:  # another process went on
            total += last
        last = now
    return total + last


def read_rows(path: Path) -> list[dict[str, Any]]:
    """All rows of a log, `metrics.jsonl` or `evaluations.jsonl`; torn ones are passed over, and no file has none."""
    return list(_rows(path))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for _ in range(_MAX_ROWS):
            line = file.readline(_MAX_ROW)
            if not line:
                return
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(row, dict):
                yield row
