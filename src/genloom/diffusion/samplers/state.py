"""What a sampler yields: where it is, and what the denoiser last believed."""

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
