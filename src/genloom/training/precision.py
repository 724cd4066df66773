"""bf16-mixed arithmetic: inside the networks only, so that losses, schedules and weights keep float32 or better."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from genloom.training.options import Precision


def resolve(precision: Precision, device: str | None = None) -> Precision:
    """What `auto` is on this machine: bf16-mixed on a GPU or CPU that multiplies in bfloat16, and 32 elsewhere.

    device   "cpu", "cuda" or "mps"; without it the one that training would take
    """
    if precision != "auto":
        return precision
    cuda = torch.cuda.is_available() if device is None else device == "cuda"
    if cuda:
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32"
    fast = device in (None, "cpu") and torch.cpu._is_avx512_bf16_supported()  # the only question torch answers
    return "bf16-mixed" if fast else "32"


def for_inference(network: nn.Module, precision: Precision) -> nn.Module:
    """The network as it computes outside of training: itself at 32, under autocast at bf16-mixed."""
    device = next(network.parameters()).device.type
    return InPrecision(network, _Autocast(device)) if resolve(precision, device) == "bf16-mixed" else network


def in_full(network: nn.Module) -> nn.Module:
    """The network as it computes in float32, without what `InPrecision` wraps around it."""
    return network.network if isinstance(network, InPrecision) else network


class Autocast(Protocol):
    """What `lightning_fabric.Fabric` offers for its precision."""

    def autocast(self) -> AbstractContextManager[Any]:
        """The context in which operations run in the lower precision."""
        ...


class _Autocast:
    """bfloat16 where torch thinks it safe, on a kind of device."""

    def __init__(self, device: str) -> None:
        self._device = device

    def autocast(self) -> AbstractContextManager[Any]:
        """The context."""
        return torch.autocast(self._device, dtype=torch.bfloat16)


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
