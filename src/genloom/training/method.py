"""What the engine trains: a method is a generator of losses, and knows nothing of optimizers, devices or files."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from torch import Tensor, nn

from genloom.rng import StepRng

Batch = Mapping[str, Tensor]
"""Tensors of one batch by name, each with the batch dimension first."""

Networks = Mapping[str, nn.Module]
"""The networks of a method by name."""


class Update(NamedTuple):
    """One optimizer step that a method asks for.

    optimizer   the name of the optimizer to step, which is also the name of the network whose weights it holds
    loss        the scalar to differentiate
    metrics     further scalars for the log
    """

    optimizer: str
    loss: Tensor
    metrics: Mapping[str, Tensor | float] = {}


class Method(Protocol):
    """A training algorithm: a diffusion model yields once, a GAN yields its critic's losses and then its generator's.

    The engine differentiates and steps after each yield, so what is computed after a yield sees the moved weights.
    """

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The losses of one step. All randomness comes from `rng`."""
        ...


class Source(Protocol):
    """Training data that is indexed in batches."""

    def __len__(self) -> int:
        """Number of samples."""
        ...

    def batch(self, indices: Tensor) -> Batch:
        """The samples of these indices, shape (B,)."""
        ...
