"""Which samples a step sees: a function of (seed, step) alone, whoever prepares them and on however many processes."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from genloom.errors import DataError, InputError
from genloom.rng import generator
from genloom.training.method import Batch, Source
from genloom.training.options import Engine

_ORDER = 0x6F72646572  # sets the order's random stream apart from all others


class Order:
    """Indices of each step's samples: slices of a permutation of (seed, epoch), or all of the data.

    A step's global batch is `accumulate` micro-batches one after the other, each of which is `world` equal slices, one
    for each rank. What is left at the end of an epoch and fills no batch is dropped; another permutation follows.

    Errors: `InputError` if the batch does not divide evenly; `DataError` for an empty source.
    """

    def __init__(self, length: int, options: Engine, rank: int = 0, world: int = 1) -> None:
        if length == 0:
            raise DataError("there are no training samples")
        self.whole = options.batch_size == 0 or options.batch_size >= length
        self.size = length if self.whole else options.batch_size
        self._length, self._seed = length, options.seed
        self._micro, self._share = self._divide(options.accumulate, world)
        self._rank = rank
        self._epoch, self._permutation = -1, torch.empty(0)

    @property
    def steps_per_epoch(self) -> int:
        """Steps in which every sample is seen at most once."""
        return 1 if self.whole else self._length // self.size

    def indices(self, step: int) -> list[Tensor]:
        """Indices of this rank's micro-batches in step `step` (the first is 0)."""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = torch.arange(self._length) if self.whole else self._permuted(epoch)
        first = place * self.size + self._rank * self._share
        return [order[start : start + self._share] for start in range(first, first + self.size, self._micro)]

    def _permuted(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            self._permutation = torch.randperm(self._length, generator=generator(self._seed, epoch, _ORDER))
            self._epoch = epoch
        return self._permutation

    def _divide(self, accumulate: int, world: int) -> tuple[int, int]:
        parts = accumulate * world
        if self.size % parts:
            near = max(parts, self.size - self.size % parts)
            allowed = f"a multiple of {parts} (accumulate {accumulate} × devices {world})"
            raise InputError("engine.batch_size", self.size, allowed, f"pass --engine.batch-size {near}")
        return self.size // accumulate, self.size // parts


class Feed:
    """The batches of each step: prepared ahead by threads if `workers` > 0, and made once if all are the same."""

    def __init__(self, source: Source, order: Order, workers: int, device: torch.device) -> None:
        self._source, self._order, self._device = source, order, device
        self._pool = ThreadPoolExecutor(workers) if workers > 0 and not order.whole else None
        self._ahead: deque[tuple[int, Future[list[Batch]]]] = deque()
        self._depth = 2 * workers
        self._whole: list[Batch] | None = None

    def batches(self, step: int) -> Sequence[Batch]:
        """This rank's micro-batches of step `step`, on the device."""
        if self._whole is not None:
            return self._whole
        prepared = self._load(self._order.indices(step)) if self._pool is None else self._prefetched(step)
        on_device = [{name: t.to(self._device, non_blocking=True) for name, t in batch.items()} for batch in prepared]
        if self._order.whole:
            self._whole = list(on_device)
        return on_device

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _prefetched(self, step: int) -> list[Batch]:
        assert self._pool is not None
        if not self._ahead or self._ahead[0][0] != step:
            self._ahead.clear()
        following = self._ahead[-1][0] + 1 if self._ahead else step
        for later in range(following, step + self._depth):
            self._ahead.append((later, self._pool.submit(self._load, self._order.indices(later))))
        return self._ahead.popleft()[1].result()

    def _load(self, indices: Sequence[Tensor]) -> list[Batch]:
        return [self._source.batch(index) for index in indices]
