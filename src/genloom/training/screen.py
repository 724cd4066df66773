"""What a person sees of a run: a banner, the progress, and what went wrong."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TextIO

from genloom.training import distributed

if TYPE_CHECKING:
    from rich.progress import Progress

Mode = Literal["auto", "rich", "plain", "json", "quiet"]

_LINES = 16  # plain progress lines of a run
_BANNER = 15


class Screen:
    """Talks to the person in front of the run.

    mode     rich: a live bar; plain: at most 16 progress lines; json: one JSON event a line; quiet: warnings alone;
             auto: rich on a terminal, plain in a pipe
    stream   standard output, if None

    In the helper processes of a distributed run it is silent.
    """

    def __init__(self, mode: Mode = "auto", stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stdout
        self.mode: Mode = ("rich" if self._stream.isatty() else "plain") if mode == "auto" else mode
        self._silent = not distributed.is_main()
        self._progress: Progress | None = None
        self._steps, self._first, self._began, self._next_line = 1, 0, 0.0, 0

    @property
    def interval(self) -> float:
        """Seconds between looks at the progress."""
        return 0.25 if self.mode == "rich" else 0.5

    def banner(self, pairs: Sequence[tuple[str, str]], title: str = "") -> None:
        """What is about to happen, in at most 15 lines."""
        if self.mode == "json":
            self._event("banner", {"title": title, **_joined(pairs)})
            return
        width = max((len(name) for name, _ in pairs), default=0)
        lines = ([title] if title else []) + [f"  {name:<{width}}  {text}" for name, text in pairs]
        for line in lines[:_BANNER]:
            self.say(line)

    def say(self, text: str) -> None:
        """One line, where the mode has lines."""
        if self._silent or self.mode in ("quiet", "json"):
            return
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False)
        else:
            self._write(text)

    def warn(self, text: str) -> None:
        """One line that even a quiet run shows, on standard error."""
        if self._silent:
            return
        if self.mode == "json":
            self._event("warning", {"text": text})
        elif self._progress is not None:
            self._progress.console.print(f"warning: {text}", style="yellow", markup=False, highlight=False)
        else:
            print(f"warning: {text}", file=sys.stderr, flush=True)

    def start(self, step: int, steps: int) -> None:
        """Begin to show progress, from `step` of `steps`."""
        self._first, self._steps, self._began = step, max(1, steps), time.monotonic()
        self._next_line = step + 1
        if self.mode == "rich" and not self._silent:
            self._progress = _bar(self._stream)
            self._progress.add_task("training", total=steps, completed=step, loss="–", rate="–", memory="–")
            self._progress.start()

    def progress(self, step: int, loss: float, samples: int, memory_mb: float) -> None:
        """Where the run is: completed steps, the latest loss, samples per step and memory."""
        if self._silent or self.mode == "quiet":
            return
        rate = (step - self._first) / max(1e-9, time.monotonic() - self._began)
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=step, loss=f"{loss:.4g}",
                                  rate=f"{_compact(rate * samples)} samples/s", memory=f"{memory_mb:.0f} MB")
        elif step >= self._next_line:
            self._next_line = step + max(1, -(-self._steps // _LINES))
            left = (self._steps - step) / rate if rate > 0 else float("nan")
            self._report(step, loss, rate, rate * samples, left, memory_mb)

    def stop(self) -> None:
        """End the live display."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def done(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Last words: paths and the next commands."""
        if self.mode == "json":
            self._event("done", dict(pairs))
            return
        for name, text in pairs:
            self.say(f"{name}: {text}")

    def _report(self, step: int, loss: float, rate: float, throughput: float, left: float, memory: float) -> None:
        if self.mode == "json":
            self._event("progress", {"step": step, "steps": self._steps, "loss": loss, "steps_per_second": rate,
                                     "samples_per_second": throughput, "seconds_left": left, "memory_mb": memory})
            return
        self._write(f"step {step}/{self._steps} {100 * step / self._steps:3.0f} %  loss {loss:.4g}  "
                    f"{_compact(throughput)} samples/s  ETA {_clock(left)}  {memory:.0f} MB")

    def _event(self, kind: str, body: Mapping[str, Any]) -> None:
        if not self._silent:
            self._write(json.dumps({"event": kind, **body}))

    def _write(self, text: str) -> None:
        if not self._silent:
            print(text, file=self._stream, flush=True)


def _bar(stream: TextIO) -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(file=stream)  # rich itself obeys NO_COLOR
    return Progress(TextColumn("{task.description}"), BarColumn(None), MofNCompleteColumn(), TaskProgressColumn(),
                    TextColumn("ETA"), TimeRemainingColumn(), TextColumn("{task.fields[rate]}"),
                    TextColumn("loss {task.fields[loss]}"), TextColumn("{task.fields[memory]}"),
                    console=console, refresh_per_second=4)


def _joined(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Pairs by name; a pair without a name goes on with the one before."""
    joined: dict[str, str] = {}
    last = ""
    for name, text in pairs:
        last = name or last
        joined[last] = f"{joined[last]} {text}" if last in joined else text
    return joined


def _compact(number: float) -> str:
    """A number in three digits: 950, 12.3k, 4.56M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def _clock(seconds: float) -> str:
    if not seconds < 1e8:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"
