"""What a checkpoint holds, taken from live objects and put back: everything is checked before anything is copied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from genloom.errors import CheckpointError
from genloom.training import optimizers as opt
from genloom.training.ema import Average
from genloom.training.method import Networks

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Snapshot:
    """A moment of training.

    step      completed steps
    tensors   tensors by file ("networks", "ema", "optimizers") and then by name
    state     what else there is to know, as JSON
    """

    step: int
    tensors: Mapping[str, Tensors]
    state: Mapping[str, Any] = field(default_factory=dict)

    def bytes(self) -> int:
        """Size of all tensors."""
        return sum(t.numel() * t.element_size() for group in self.tensors.values() for t in group.values())


@dataclass(frozen=True)
class Live:
    """The objects that training moves."""

    networks: Networks
    optimizers: opt.Optimizers
    average: Average | None = None

    def tensors(self) -> dict[str, Tensors]:
        """Their tensors by file and name; views, not copies."""
        groups: dict[str, Tensors] = {"networks": network_tensors(self.networks)}
        if self.average is not None:
            groups["ema"] = network_tensors(self.average.networks)
        if self.optimizers:
            groups["optimizers"] = opt.tensors(self.optimizers, self.networks)
        return groups

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a snapshot, bit for bit.

        Errors: `CheckpointError` if any name, shape or type differs; then nothing was changed.
        """
        copies = matched("networks", network_tensors(self.networks), snapshot.tensors.get("networks"))
        if self.average is not None:
            copies += matched("ema", network_tensors(self.average.networks), snapshot.tensors.get("ema"))
        states = self._matched_states(snapshot.tensors.get("optimizers", {}))
        copy_all(copies)
        for put in states:
            put()

    def _matched_states(self, saved: Tensors) -> list[Callable[[], None]]:
        waiting = dict(saved)
        puts: list[Callable[[], None]] = []
        for key, parameter, state, expected in opt.slots(self.optimizers, self.networks):
            found = {slot: waiting.pop(f"{key}#{slot}") for slot in sorted(expected) if f"{key}#{slot}" in waiting}
            if found and len(found) < len(expected):  # none at all: this parameter was never moved
                raise CheckpointError(f"the checkpoint's optimizer state of {key} is another optimizer's")
            for slot, tensor in found.items():
                if tensor.shape not in (parameter.shape, torch.Size()):
                    raise CheckpointError(f"optimizer state {key}#{slot} has shape {tuple(tensor.shape)} in the "
                                          f"checkpoint and {tuple(parameter.shape)} here")
            puts.append(_putter(state, found, parameter.device))
        if waiting:
            raise CheckpointError(f"the checkpoint has optimizer state that this run has not: {_some(waiting)}")
        return puts


def network_tensors(networks: Networks) -> dict[str, Tensor]:
    """Parameters and buffers of all networks by "network/name"."""
    return {f"{name}/{key}": tensor for name, network in networks.items()
            for key, tensor in network.state_dict().items()}


def matched(what: str, live: Tensors, saved: Tensors | None) -> list[tuple[Tensor, Tensor]]:
    """Pairs (live, saved) of the same name, shape and type.

    Errors: `CheckpointError` that names the first tensor which does not fit.
    """
    if saved is None:
        raise CheckpointError(f"the checkpoint holds no {what}; it was made with other options")
    missing, unknown = [k for k in live if k not in saved], [k for k in saved if k not in live]
    if missing or unknown:
        raise CheckpointError(f"the checkpoint is of another model ({what}): it lacks {_some(missing)} and has "
                              f"{_some(unknown)} beyond this model's; build the model from the run's own recipe.yaml")
    for key, tensor in live.items():
        other = saved[key]
        if tensor.shape != other.shape or tensor.dtype != other.dtype:
            raise CheckpointError(f"{what} {key} is {_describe(other)} in the checkpoint and {_describe(tensor)} in "
                                  "the model; build the model from the run's own recipe.yaml")
    return [(tensor, saved[key]) for key, tensor in live.items()]


@torch.no_grad()
def copy_all(pairs: list[tuple[Tensor, Tensor]]) -> None:
    """Copy saved tensors into live ones."""
    for live, saved in pairs:
        live.copy_(saved)


def _putter(state: dict[str, Tensor], found: dict[str, Tensor], device: torch.device) -> Callable[[], None]:
    def put() -> None:
        state.clear()
        state.update({slot: tensor.to(device, copy=True) for slot, tensor in found.items()})

    return put


def _describe(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def _some(names: Any) -> str:
    listed = list(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "") if listed else "nothing"
