"""The inner loop: one step after another, with nothing random that is not a function of (seed, step)."""

import math
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from genloom.errors import NonFiniteError, TrainingError
from genloom.rng import StepRng, fold
from genloom.training import optimizers
from genloom.training.distributed import World
from genloom.training.ema import Average, evaluation_copy
from genloom.training.feed import Feed, Order
from genloom.training.log import Means
from genloom.training.method import Networks, Update
from genloom.training.options import Precision
from genloom.training.precision import InPrecision, resolve
from genloom.training.signals import Stop
from genloom.training.state import Live, Snapshot
from genloom.training.stepper import Stepper

if TYPE_CHECKING:
    from genloom.training.engine import Job

_DROPOUT = 0x64726F706F7574  # sets the global generator's stream apart from the method's
_EVALUATE = 0x6576616C


class Loop:
    """Moves networks from step to step; knows no files.

    step       completed steps
    loss       the last step's first loss
    means      what was measured since the last row of the log
    stopping   number of the signal that asked to stop, 0 for none; the same in every process
    """

    def __init__(self, job: "Job", world: World, stop: Stop, order: Order, feed: Feed, live: Live) -> None:
        self.step, self.loss, self.stopping = 0, math.nan, 0
        self.means = Means()
        self.order, self.live, self.world = order, live, world
        self._job, self._stop, self._feed = job, stop, feed
        self._seed, self._accumulate = job.options.seed, job.options.accumulate
        alone = len(job.optimizers) == 1
        self._steppers = {name: Stepper(job.networks[name], parts, job.optimizers[name], job.options, world, alone)
                          for name, parts in live.optimizers.items()}
        self._suffix = {name: "" if alone else f"/{name}" for name in self._steppers}
        self._networks = _in_precision(job.networks, world, job.options.precision)
        self._buffers = world.size > 1 and any(True for n in job.networks.values() for _ in n.buffers())

    @classmethod
    def build(cls, job: "Job", world: World, stop: Stop) -> "Loop":
        """Networks on the device and in training mode, with their optimizers, averages and data."""
        order = Order(len(job.source), job.options, world.rank, world.size)
        for name, network in job.networks.items():
            network.to(world.device).train(name in job.optimizers)
        world.align([t for n in job.networks.values() for t in n.state_dict().values()])
        held = {name: optimizers.build(option, job.networks[name]) for name, option in job.optimizers.items()}
        average = Average(job.networks, job.options.ema) if job.options.ema > 0 else None
        feed = Feed(job.source, order, job.options.workers, world.device)
        return cls(job, world, stop, order, feed, Live(job.networks, held, average))

    def __enter__(self) -> "Loop":
        return self

    def __exit__(self, *error: object) -> None:
        self._feed.close()

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self._job.options.steps

    @property
    def epoch(self) -> int:
        """Completed epochs."""
        return self.step // self.order.steps_per_epoch

    def advance(self) -> None:
        """One step: all updates that the method asks for."""
        world = self.world
        _seed_global(world.device, fold(self._seed, self.step, world.rank, _DROPOUT))
        running = [self._job.method.updates(self._networks, batch,
                                            StepRng(self._seed, self.step, micro, world.rank, world.size, world.device))
                   for micro, batch in enumerate(self._feed.batches(self.step))]
        while updates := self._differentiate(running):
            self._apply(updates)
        if self._buffers:
            world.align([b for n in self._job.networks.values() for b in n.buffers()])
        if self.live.average is not None:
            self.live.average.update(self.step)
        self.step += 1
        if world.size == 1:
            self.stopping = self._stop.number

    def lrs(self) -> dict[str, float]:
        """Learning rates of the step that was just completed."""
        return {f"lr{self._suffix[name]}": stepper.lr(self.step - 1) for name, stepper in self._steppers.items()}

    def copies(self) -> Networks:
        """Networks to draw from and to judge: averaged if there is an average, in eval mode, and the caller's own.

        Torch's global generator is set to a function of (seed, step), so that what is drawn can be drawn again.
        """
        torch.manual_seed(fold(self._seed, self.step, _EVALUATE))
        average = self.live.average
        return evaluation_copy(self.live.networks if average is None else average.networks)

    def snapshot(self, extra: Mapping[str, Any]) -> Snapshot:
        """This moment, to be saved."""
        return Snapshot(self.step, self.live.tensors(), {"means": self.means.state(), **extra})

    def restore(self, snapshot: Snapshot) -> None:
        """Be where the snapshot was taken.

        Errors: `CheckpointError` if it is of other networks; then nothing was changed.
        """
        self.means.restore(snapshot.state.get("means", {}))
        self.live.restore(snapshot)
        self.step = snapshot.step

    def _differentiate(self, running: Sequence[Iterator[Update]]) -> list[Update]:
        """The next update of every micro-batch, differentiated; none at the end.

        The generators of all micro-batches go in lock-step, so that what each computes after a yield sees the weights
        that all of them moved; each is differentiated before the next one computes, so that one graph is held at once.
        """
        updates: list[Update] = []
        asked = None
        for micro, generator in enumerate(running):
            update = next(generator, None)
            name = None if update is None else update.optimizer
            if micro == 0:
                asked = name
            elif name != asked:
                raise TrainingError(f"step {self.step + 1}: the method asked for {asked!r} in one micro-batch and for "
                                    f"{name!r} in another; all must ask for the same updates")
            if update is not None:
                stepper = self._stepper(update)
                if micro == 0:
                    stepper.clear()
                stepper.backward(update.loss)
                updates.append(update)
        return updates

    def _stepper(self, update: Update) -> Stepper:
        if update.optimizer not in self._steppers:
            raise TrainingError(f"the method asked for the optimizer {update.optimizer!r}; the job has: "
                                f"{', '.join(self._steppers)}")
        return self._steppers[update.optimizer]

    def _apply(self, updates: Sequence[Update]) -> None:
        """Average, check, move the weights, count."""
        name = updates[0].optimizer
        stepper, suffix = self._steppers[name], self._suffix[name]
        names = ["loss" + suffix, *updates[0].metrics]
        values = _means([_numbers(update) for update in updates])
        if self.world.size > 1:  # the wish to stop travels with the gradient, so that all stop after the same step
            values.append(float(self._stop.number > 0))
        norm, values = stepper.gather(values)
        if not (math.isfinite(values[0]) and math.isfinite(norm)):
            raise self._non_finite(name, values[0], norm)
        stepper.move(self.step, norm)
        if self.world.size > 1 and values.pop() > 0:
            self.stopping = self._stop.number or signal.SIGTERM
        if name == next(iter(self._steppers)):
            self.loss = values[0]
        self.means.add("grad_norm" + suffix, norm)
        for key, value in zip(names, values, strict=True):
            self.means.add(key, value)

    def _non_finite(self, name: str, loss: float, norm: float) -> NonFiniteError:
        indices = torch.cat(self.order.indices(self.step))
        listed = ", ".join(map(str, indices[:8].tolist())) + (", …" if len(indices) > 8 else "")
        return NonFiniteError(
            f"step {self.step + 1}: the loss of {name!r} is {loss:.4g} and its gradient's norm {norm:.4g}, for the "
            f"{len(indices)} samples {listed}; the weights were not changed and nothing was saved since the last "
            "checkpoint; lower the learning rate, or clip the gradient with --engine.clip 1")


def _numbers(update: Update) -> list[float]:
    """The loss and the further metrics; from a GPU in one transfer."""
    values = (update.loss, *update.metrics.values())
    if update.loss.is_cpu:
        return [value.item() if isinstance(value, Tensor) else float(value) for value in values]
    tensors = [v.detach() if isinstance(v, Tensor) else torch.tensor(v, device=update.loss.device) for v in values]
    numbers: list[float] = torch.stack([tensor.double() for tensor in tensors]).tolist()
    return numbers


def _means(rows: Sequence[list[float]]) -> list[float]:
    return rows[0] if len(rows) == 1 else [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def _in_precision(networks: Networks, world: World, precision: Precision) -> Networks:
    """The networks as a method sees them; at precision 32 they are bare, since a wrapper costs 10 µs a call."""
    if resolve(precision, world.device.type) == "32":
        return networks
    return {name: InPrecision(network, world.fabric) for name, network in networks.items()}


def _seed_global(device: torch.device, seed: int) -> None:
    """Seed the generators that dropout uses; `torch.manual_seed` would take 100 µs to ask every kind of device."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
