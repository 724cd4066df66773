"""bf16-mixed arithmetic: inside the networks only, so that losses, schedules and weights keep float32 or better."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch
from torch import Tensor, nn


class Autocast(Protocol):
    """What `lightning_fabric.Fabric` offers for its precision."""

    def autocast(self) -> AbstractContextManager[Any]:
        """The context in which operations run in the lower precision."""
        ...


class InPrecision(nn.Module):
    """A network that computes in a Fabric's precision and returns float32; otherwise it is the network it wraps."""

    def __init__(self, network: nn.Module, fabric: Autocast) -> None:
        super().__init__()
        self.network = network
        self._fabric = fabric

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The network's own forward."""
        with self._fabric.autocast():
            output = self.network(*args, **kwargs)
        return _widen(output)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("network"), name)


def _widen(output: Any) -> Any:
    if isinstance(output, Tensor):
        return output.float() if output.dtype in (torch.bfloat16, torch.float16) else output
    if isinstance(output, tuple):
        widened = (_widen(part) for part in output)
        return type(output)(*widened) if hasattr(output, "_fields") else tuple(widened)
    if isinstance(output, dict):
        return {key: _widen(part) for key, part in output.items()}
    return output
