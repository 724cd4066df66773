"""What a run leaves behind on the way: rows, evaluations, checkpoints, samples; and what the person sees of it."""

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from genloom import machine
from genloom.errors import CheckpointError
from genloom.training import files
from genloom.training.checkpoint import Best, Checkpoints
from genloom.training.log import finite, truncate
from genloom.training.loop import Loop
from genloom.training.run import RunFolder
from genloom.training.screen import Screen
from genloom.training.state import Snapshot
from genloom.training.trackers import Trackers

if TYPE_CHECKING:
    from genloom.training.engine import Job

_SAVES = 10  # checkpoints of a run that does not say how many,
_GAP = 15.0  # and seconds between them at least: a save waits some 50 ms for the disk
_METRICS, _TIMING, _EVALUATIONS = "metrics.jsonl", "timing.jsonl", "evaluations.jsonl"


class Record:
    """The first process's books; the others only wait where it works for long.

    path    the run's folder
    stale   evaluations in a row that were no better than the best; the same in every process
    """

    def __init__(self, job: "Job", run: RunFolder, checkpoints: Checkpoints, loop: Loop, screen: Screen,
                 start: Snapshot | None) -> None:
        self.path = run.path
        self._job, self._run, self._checkpoints, self._loop, self._screen = job, run, checkpoints, loop, screen
        self._options = job.options
        self._save_every = job.options.save_every or -(-job.options.steps // _SAVES)
        self._main = loop.world.rank == 0
        self._warned: set[str] = set()
        self._best: Best | None = None
        self.stale = 0 if start is None else _stale(start)
        self._saved, self._saved_at = -1, time.monotonic()
        self._look = 0.0
        self._began, self._first = time.monotonic(), loop.step
        self._trackers: Trackers | None = None
        if self._main:
            self._open(start)

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *error: object) -> None:
        self._screen.stop()
        if self._trackers is not None:
            self._trackers.close()

    @property
    def over(self) -> bool:
        """Whether there is no step left: the last one is done, or patience is at its end."""
        return self._loop.step >= self._options.steps or 0 < self._options.patience <= self.stale

    def after_step(self) -> None:
        """Do what is due after the step that was just completed."""
        step, options = self._loop.step, self._options
        if self._main:
            if step % options.log_every == 0 or step == options.steps:
                self._row()
            if time.monotonic() >= self._look or step == options.steps:
                self._show()
        judged = self._due(options.evaluate_every) or step == options.steps
        saved = self._due(self._save_every) or step == options.steps
        drawn = self._due(options.sample_every)
        if judged or saved or drawn:
            if self._main:
                self._work(judged, saved, drawn)
            self._loop.world.wait_for_main(f"step-{step}")
            if judged and options.patience:
                self.stale = self._loop.world.share(self.stale)
        if self.over and step < options.steps and self._main:
            self._end_early()

    def save(self) -> None:
        """Save this step, unless it is saved.

        Errors: `DiskFullError`.
        """
        if not self._main or self._saved == self._loop.step:
            return
        best = None if self._best is None else vars(self._best)
        patience = {"stale": self.stale} if self._options.patience else {}
        self._checkpoints.save(self._loop.snapshot({"best": best, **patience}), self._best)
        self._saved, self._saved_at = self._loop.step, time.monotonic()
        self._guard("status.json", lambda: self._run.set_status("running", self._loop.step, self._options.steps))

    def _open(self, start: Snapshot | None) -> None:
        self._screen.start(self._loop.step, self._options.steps)
        if start is not None:
            self._go_on(start)
        self._truncate_logs()
        self._trackers = Trackers(self._options, self.path, self._loop.step, self._screen.warn)
        files.require_room(self._checkpoints.folder, self._size_of_checkpoint())

    def _go_on(self, start: Snapshot) -> None:
        """Take the books back to the snapshot: nothing in them may be of a later step."""
        best = Best.of(start)
        if best is not None and self._checkpoints.path(best.step).is_dir():
            self._best = best
            self._checkpoints.point("best", vars(best))
        self._checkpoints.point("last", {"step": start.step})
        self._saved = start.step

    def _truncate_logs(self) -> None:
        """Drop rows of steps that are yet to come, and the one that ended a shorter run within an interval."""
        step = self._loop.step
        rows = step if self.over else step - step % self._options.log_every
        for name, last in ((_METRICS, rows), (_TIMING, rows), (_EVALUATIONS, step)):
            self._guard(name, partial(truncate, self.path / name, last))

    def _size_of_checkpoint(self) -> int:
        weights = sum(p.numel() * p.element_size() for n in self._job.networks.values() for p in n.parameters())
        return self._loop.snapshot({}).bytes() + (0 if self._loop.step else 2 * weights)

    def _due(self, every: int) -> bool:
        return every > 0 and self._loop.step % every == 0

    def _work(self, judged: bool, saved: bool, drawn: bool) -> None:
        improved = judged and self._judge()
        too_soon = self._options.save_every == 0 and time.monotonic() < self._saved_at + _GAP
        if improved or (saved and not too_soon) or self._loop.step == self._options.steps:
            self.save()
        if drawn:
            self._draw()

    def _end_early(self) -> None:
        """The last row and checkpoint of a run that ends before its last step."""
        step, patience = self._loop.step, self._options.patience
        if step % self._options.log_every:
            self._row()
        self._show()
        self.save()
        self._screen.say(f"note: no better evaluation in {patience}, so the run ends after step {step} of "
                         f"{self._options.steps}; the best was at step {self._best.step if self._best else 0}")

    def _row(self) -> None:
        loop = self._loop
        measured = {**loop.means.means(), **loop.lrs()}
        row = finite({"step": loop.step, "epoch": loop.epoch, **measured})
        self._guard(_METRICS, lambda: files.append_line(self.path / _METRICS, row))
        self._guard(_TIMING, lambda: files.append_line(self.path / _TIMING, self._timing()))
        if self._trackers is not None:
            self._trackers.log(loop.step, measured)
        if loop.step % self._options.log_every == 0:  # the last row may be of an interval that a longer run completes
            loop.means.reset()
        self._watch({"step": loop.step, "epoch": loop.epoch, **measured})

    def _timing(self) -> dict[str, Any]:
        seconds = time.monotonic() - self._began
        rate = (self._loop.step - self._first) / seconds
        samples, memory = rate * self._loop.order.size, machine.memory_mb()
        return {"step": self._loop.step, "seconds": round(seconds, 4), "steps_per_second": round(rate, 2),
                "samples_per_second": round(samples, 1), "memory_mb": round(memory, 1)}

    def _show(self) -> None:
        self._look = time.monotonic() + self._screen.interval
        self._screen.progress(self._loop.step, self._loop.loss, self._loop.order.size, machine.memory_mb())

    def _judge(self) -> bool:
        """Evaluate; whether it is the best so far, which NaN never is."""
        if self._job.judge is None:
            return False
        try:
            metrics = {name: float(value) for name, value in self._job.judge(self._loop.copies()).items()}
        except Exception as error:  # an evaluation that fails must not cost the training
            self._screen.warn(f"the evaluation at step {self._loop.step} failed: {type(error).__name__}: {error}")
            return False
        row = finite({"step": self._loop.step, **metrics})
        self._guard(_EVALUATIONS, lambda: files.append_line(self.path / _EVALUATIONS, row))
        if self._trackers is not None:
            self._trackers.log_always(self._loop.step, metrics)
        self._watch({"step": self._loop.step, **metrics})
        if not self._job.choose:
            return False
        name, value = next(iter(metrics.items()), ("", math.nan))
        better = math.isfinite(value) and (self._best is None or value < self._best.value)
        self.stale = 0 if better else self.stale + 1
        if better:
            self._best = Best(self._loop.step, name, value)
        return better

    def _draw(self) -> None:
        if self._job.draw is None:
            return
        folder = self.path / "samples" / str(self._loop.step)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._job.draw(self._loop.copies(), self._loop.step, folder)
        except Exception as error:  # nor may a picture
            self._screen.warn(f"drawing samples at step {self._loop.step} failed: {type(error).__name__}: {error}")

    def _watch(self, row: Mapping[str, float]) -> None:
        """Show a row to whoever watches, and pass on what it says."""
        if self._job.watch is None or "watch" in self._warned:
            return
        try:
            for sentence in self._job.watch(row):
                self._screen.warn(sentence)
        except Exception as error:  # nor may good advice
            self._warned.add("watch")
            self._screen.warn(f"training goes on unwatched, since its watch failed: {type(error).__name__}: {error}")

    def _guard(self, name: str, act: Callable[[], None]) -> None:
        """Write a log; one that cannot be written is warned of once, and training goes on."""
        try:
            act()
        except (OSError, ValueError, TypeError) as error:
            if name not in self._warned:
                self._warned.add(name)
                self._screen.warn(f"{self.path / name} cannot be written, training goes on without it: {error}")


def _stale(start: Snapshot) -> int:
    """Evaluations without a better one up to a snapshot; 0 where nobody counted."""
    found = start.state.get("stale", 0)
    if not isinstance(found, int) or found < 0:
        raise CheckpointError(f"checkpoint {start.step} says nothing readable of its evaluations")
    return found
