"""What a sampler yields, and the levels it works with."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from genloom.diffusion.schedule import Level


class State(NamedTuple):
    """One step's result.

    level   the level that `x` has reached; the last one is clean
    x       samples at that level, (B, …)
    x0      the estimate of the data that the step used
    """

    level: Level
    x: Tensor
    x0: Tensor


class SharedLevel(Level):
    """A level that all samples share: plain numbers, whose arithmetic costs nothing beside a tensor's."""

    __slots__ = ()
    t: float
    alpha: float
    sigma: float


def shared(levels: Sequence[Level]) -> list[SharedLevel]:
    """The same levels as plain numbers."""
    return [SharedLevel(float(level.t), float(level.alpha), float(level.sigma)) for level in levels]
