"""Training: a job goes in; a run folder with checkpoints and metrics comes out, the same one if it was interrupted."""

import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from torch import nn

from genloom import machine
from genloom.errors import GenloomError, InputError, Interrupted, PeerLost, TrainingError, UnknownName
from genloom.training import distributed, optimizers, options
from genloom.training.checkpoint import Checkpoints, Which
from genloom.training.distributed import World
from genloom.training.feed import Order
from genloom.training.loop import Loop
from genloom.training.method import Method, Networks, Source
from genloom.training.record import Record
from genloom.training.run import RunFolder, State
from genloom.training.screen import Screen
from genloom.training.signals import Stop
from genloom.training.state import Snapshot


@dataclass(frozen=True)
class Job:
    """What the engine trains.

    method       the losses
    networks     by name; those without an optimizer are saved and not trained
    optimizers   options by network name
    source       training data
    options      how long, on what, and what is kept
    draw         draws samples of a step into a folder; gets copies of the networks, averaged ones if there are any
    judge        evaluates such copies; the first metric decides which checkpoint is best, and lower is better
    choose       False where that metric is worth a look and no more: then no checkpoint is called best
    watch        is shown each row of the log and of the evaluations as it is made; what it says becomes warnings
    """

    method: Method
    networks: dict[str, nn.Module]
    optimizers: Mapping[str, options.Optimizer]
    source: Source
    options: options.Engine
    draw: Callable[[Networks, int, Path], None] | None = None
    judge: Callable[[Networks], Mapping[str, float]] | None = None
    watch: Callable[[Mapping[str, float]], Sequence[str]] | None = None
    choose: bool = True


class Outcome(NamedTuple):
    """How a run ended: completed steps, seconds of this process, the last checkpoint and the best one."""

    step: int
    seconds: float
    checkpoint: Path
    best: Path | None


def fit(job: Job, run: RunFolder, *, resume: bool = False, screen: Screen,
        checkpoint: Which | None = None) -> Outcome:
    """Train `job` in `run` and return when its last step is saved.

    resume       go on from the last checkpoint, bit for bit as if there had been no interruption
    checkpoint   go on from this one instead: a step, "best" or "last"; what came later is forgotten

    In the helper processes of a distributed run it does not return: they end with it.

    Errors: `InputError` for options that cannot be; `RunInUse`; `CheckpointError` if nothing whole is there to resume
    from; `NonFiniteError`, `DiskFullError`, `PeerLost`, and `Interrupted` after saving, be it the last step.
    """
    check(job)
    began = time.monotonic()
    main = distributed.is_main()
    with run.lock() if main else nullcontext(), _status(job, run) if main else _helper():
        with distributed.join(job.options, run.path) as world, Stop(speak=world.rank == 0) as stop:
            machine.prepare(job.options.threads)
            folder = RunFolder(Path(world.share(str(run.path))))
            checkpoints = Checkpoints(folder.checkpoints, job.options.keep)
            with Loop.build(job, world, stop) as loop:
                start = _start(loop, checkpoints, world, resume, checkpoint)
                with Record(job, folder, checkpoints, loop, screen, start) as record:
                    _train(loop, record)
        if not main:
            raise SystemExit(0)
        last = checkpoints.path(loop.step)
        best = checkpoints.best()
    if stop.number:  # it came too late for this training; what was to come after it was meant as well
        raise Interrupted(f"step {loop.step} was the last one and is saved; what follows was left out: "
                          f"`genloom report {shlex.quote(str(run.path))}` looks at the run", stop.number)
    return Outcome(loop.step, time.monotonic() - began, last, None if best is None else checkpoints.path(best))


def check(job: Job) -> None:
    """Refuse options that cannot be, before anything is written or computed.

    Errors: `InputError` that names the option.
    """
    engine = job.options
    least = {"steps": 1, "batch_size": 0, "accumulate": 1, "devices": 1, "nodes": 1, "threads": 0, "workers": 0,
             "log_every": 1, "save_every": 0, "sample_every": 0, "evaluate_every": 0, "patience": 0, "keep": 1}
    for name, low in least.items():
        value = getattr(engine, name)
        if value < low:
            raise InputError(f"engine.{name}", value, f"an integer of at least {low}")
    if engine.patience and not job.choose:
        raise InputError("engine.patience", engine.patience, "0 where no evaluation says which checkpoint is better",
                         "pass --engine.patience 0")
    if not engine.clip >= 0:
        raise InputError("engine.clip", engine.clip, "at least 0")
    if not 0 <= engine.ema < 1:
        raise InputError("engine.ema", engine.ema, "in [0, 1)", "pass --engine.ema 0.999")
    Order(len(job.source), engine, world=engine.devices * engine.nodes)
    _check_optimizers(job)


def _check_optimizers(job: Job) -> None:
    if not job.optimizers:
        raise InputError("optimizers", {}, "options for at least one network")
    for name, option in job.optimizers.items():
        if name not in job.networks:
            raise UnknownName("optimizers", name, list(job.networks))
        if not optimizers.trainable(job.networks[name]):
            raise InputError("optimizers", name, "the name of a network that has trainable parameters")
        optimizers.check(name if len(job.optimizers) > 1 else "optimizer", option)


def _start(loop: Loop, checkpoints: Checkpoints, world: World, resume: bool,
           checkpoint: Which | None) -> Snapshot | None:
    """Bring the loop to where it goes on: to the snapshot that is returned, or to the beginning."""
    if world.rank == 0:
        checkpoints.sweep()
    if not resume:
        if checkpoints.steps():
            raise InputError("run", str(checkpoints.folder.parent), "a run that was not trained yet",
                             f"go on with `genloom resume {shlex.quote(str(checkpoints.folder.parent))}`")
        return None
    which = world.share(checkpoints.last() if checkpoint is None else checkpoints.resolve(checkpoint))
    if which is None:
        if checkpoints.steps():
            checkpoints.load(checkpoints.steps()[-1])  # none is whole: this says what is wrong with the last
        return None
    snapshot = checkpoints.load(which)
    loop.restore(snapshot)
    return snapshot


def _train(loop: Loop, record: Record) -> None:
    while not record.over:
        loop.advance()
        record.after_step()
        if loop.stopping and not record.over:
            record.save()
            again = f"genloom resume {shlex.quote(str(record.path))}"
            raise Interrupted(f"stopped after step {loop.step} and saved; go on with `{again}`", loop.stopping)


@contextmanager
def _status(job: Job, run: RunFolder) -> Iterator[None]:
    """Keep status.json true, whatever happens."""
    steps = job.options.steps
    checkpoints = Checkpoints(run.checkpoints, job.options.keep)

    def note(state: State, reason: str = "") -> None:
        with suppress(OSError):  # a full disk has an error of its own, which this must not hide
            run.set_status(state, checkpoints.last() or 0, steps, reason)

    note("running")
    try:
        yield
    except (Interrupted, KeyboardInterrupt) as error:
        note("interrupted", str(error) or "interrupted before the first step")
        raise
    except BaseException as error:
        note("failed", str(error) if isinstance(error, GenloomError) else f"{type(error).__name__}: {error}")
        raise
    note("finished", early(job.options, checkpoints.last() or 0))


def early(engine: options.Engine, step: int) -> str:
    """Why a run that has finished at this step did so before its last one; nothing where it did not.

    >>> early(options.Engine(steps=900, patience=3), 600)
    'no better evaluation in 3, so it ended after step 600 of 900'
    """
    if step >= engine.steps:
        return ""
    return f"no better evaluation in {engine.patience}, so it ended after step {step} of {engine.steps}"


@contextmanager
def _helper() -> Iterator[None]:
    """A helper process leaves the talking to the first one, unless that one is what it lost."""
    try:
        yield
    except PeerLost:
        raise
    except Interrupted:
        raise SystemExit(0) from None
    except TrainingError:
        raise SystemExit(1) from None
