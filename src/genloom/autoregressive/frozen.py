"""A network that is looked into: nothing is dropped out and no weight has a gradient."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """The network in evaluation and with constant weights inside a `with`; as it was after it."""
    modes = [(module, module.training) for module in network.modules()]
    slopes = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    network.eval().requires_grad_(False)
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
        for parameter, wanted in slopes:
            parameter.requires_grad_(wanted)
