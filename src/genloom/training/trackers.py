"""TensorBoard and Weights & Biases: beside the run's own log, and never able to stop a run."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

from genloom.errors import MissingExtra
from genloom.training.options import Engine

_INTERVAL = 2.0  # seconds between deliveries
_POINTS = 1000  # of a training curve; TensorBoard shows no more, and a point takes 40 µs


class Tracker(Protocol):
    """Somewhere that rows are shown."""

    def log(self, step: int, row: Mapping[str, float]) -> None:
        """Show one row."""
        ...

    def close(self) -> None:
        """Write out what is left."""
        ...


class TensorBoard:
    """Event files in RUN/tensorboard."""

    def __init__(self, run: Path, first: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(run / "tensorboard"), purge_step=first + 1)

    def log(self, step: int, row: Mapping[str, float]) -> None:
        """Write one event per number."""
        for name, value in row.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush and close."""
        self._writer.close()


class WeightsAndBiases:
    """A W&B run in RUN/wandb, with one id for the life of the folder.

    Errors: `MissingExtra` if wandb is not installed.
    """

    def __init__(self, run: Path, mode: Literal["offline", "online"]) -> None:
        try:
            import wandb
        except ImportError as error:
            raise MissingExtra("wandb", "wandb", "logging to Weights & Biases") from error
        self._run: Any = wandb.init(project="genloom", name=run.name, dir=str(run), mode=mode, resume="allow",
                                    id=_identifier(run), settings=wandb.Settings(silent=True))

    def log(self, step: int, row: Mapping[str, float]) -> None:
        """Log one row."""
        self._run.log(dict(row), step=step)

    def close(self) -> None:
        """End the W&B run."""
        self._run.finish()


class Trackers:
    """All that were asked for. One that fails is given up with one warning, and training goes on."""

    def __init__(self, options: Engine, run: Path, first: int, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._stride = max(1, options.steps // options.log_every // _POINTS)
        self._rows = 0
        self._waiting: list[tuple[int, Mapping[str, float]]] = []
        self._due = 0.0
        self._open: dict[str, Tracker] = {}
        if options.tensorboard:
            self._start("TensorBoard", lambda: TensorBoard(run, first))
        if (mode := options.wandb) != "off":
            self._start("Weights & Biases", lambda: WeightsAndBiases(run, mode))

    def log(self, step: int, row: Mapping[str, float]) -> None:
        """Show a row of training everywhere, soon; of a long run, every nth."""
        if self._rows % self._stride == 0:
            self.log_always(step, row)
        self._rows += 1
        if time.monotonic() >= self._due:
            self._flush()

    def log_always(self, step: int, row: Mapping[str, float]) -> None:
        """Show a row everywhere, soon."""
        if self._open:
            self._waiting.append((step, row))

    def close(self) -> None:
        """Close all."""
        self._flush()
        for name, tracker in list(self._open.items()):
            self._guard(name, tracker.close)

    def _flush(self) -> None:
        """Hand over what waits, all at once: row by row, a tracker's own thread would take turns with training."""
        self._due = time.monotonic() + _INTERVAL
        waiting, self._waiting = self._waiting, []
        for step, row in waiting:
            for name, tracker in list(self._open.items()):
                self._guard(name, partial(tracker.log, step, row))

    def _start(self, name: str, make: Callable[[], Tracker]) -> None:
        def start() -> None:
            self._open[name] = make()

        self._guard(name, start)

    def _guard(self, name: str, act: Callable[[], None]) -> None:
        try:
            act()
        except MissingExtra:
            raise
        except Exception as error:  # whatever a logger does, the training is worth more
            self._open.pop(name, None)
            self._warn(f"{name} stopped working and is left out from here on: {error}")


def _identifier(run: Path) -> str:
    path = run / "wandb-id.txt"
    if not path.is_file():
        import secrets

        path.write_text(secrets.token_hex(8), "utf-8")
    return path.read_text("utf-8").strip()
