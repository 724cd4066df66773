"""A method whose batches are made ready first: cut, mirrored, scaled, encoded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from genloom.rng import StepRng
from genloom.training.method import Batch, Method, Networks, Update


@dataclass(frozen=True)
class Prepared:
    """`method` on `prepare(batch, rng)` instead of the stored batch; the draws of both come from the step's `rng`.

    >>> Prepared(method, lambda batch, rng: {"x": augment(batch["x"], rng)})  # doctest: +SKIP
    """

    method: Method
    prepare: Callable[[Batch, StepRng], Batch]

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The losses of one step on the prepared batch."""
        yield from self.method.updates(networks, self.prepare(batch, rng), rng)
