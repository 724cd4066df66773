"""A forecaster: a network between the way to its units and the way back, with a head that says what a forecast is."""

from collections.abc import Mapping
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from genloom.forecasting.blend import Blend
from genloom.forecasting.cycle import Cycle
from genloom.forecasting.heads import Head
from genloom.forecasting.revin import InstanceNorm
from genloom.training.method import Batch


class Looking(Protocol):
    """A network whose attention can be looked at."""

    def look(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Mapping[str, list[Tensor]]:
        """Weights of each layer by the name of the attention."""
        ...


class Forecaster(nn.Module):
    """x (B, L, C), marks (B, L, M) and (B, H, M) → a forecast: (B, H, C), or (B, H, C, P) as its head makes it.

        x → norm of the window → − cycle → network → head → + cycle → the series' own units → mixed with cycles

    network    (x, x_marks, y_marks, y or None) → (B, H, C, P), of which the first is the location
    head       its `parameters` are P
    normalise  of each window by itself
    cycle      learned or known, if any; then the last mark is the phase, which the network does not see
    blend      with the mean of the last cycles, if any
    units      mean and deviation of each channel of the series that it was trained on, (2, C): kept with the weights,
               which mean nothing for values that were scaled otherwise
    """

    units: Tensor | None

    def __init__(self, network: nn.Module, head: Head, normalise: InstanceNorm | None = None,
                 cycle: Cycle | None = None, units: Tensor | None = None, blend: Blend | None = None) -> None:
        super().__init__()
        self.register_buffer("units", None if units is None else units.float())
        self.network, self.head, self.cycle, self.blend = network, head, cycle, blend
        self.normalise = normalise or InstanceNorm("none")

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        """The forecast; `y` (B, H, C) is the truth that an autoregressive decoder is given in training."""
        own = self._own(x, x_marks, y_marks, y)
        return own if self.blend is None else self.blend(own, x, self.head)

    def seen(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the network is given of a batch, and what it should answer: the windows normalised, less the cycle."""
        inner, back = self.normalise(batch["x"])
        wanted = self.normalise.apply_to(batch["y"], back)
        if self.cycle is None:
            return inner, wanted
        return inner - self.cycle(batch["x_marks"][..., -1]), wanted - self.cycle(batch["y_marks"][..., -1])

    def _own(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None) -> Tensor:
        inner, back = self.normalise(x)
        truth = None if y is None else self.normalise.apply_to(y, back)
        if self.cycle is None:
            raw: Tensor = self.network(inner, x_marks, y_marks, truth)
            return self.head(_exact(raw), back)
        coming = self.cycle(y_marks[..., -1])
        raw = self.network(inner - self.cycle(x_marks[..., -1]), x_marks[..., :-1], y_marks[..., :-1],
                           None if truth is None else truth - coming)
        return self.head.shifted(self.head(_exact(raw), back), coming * back.scale)

    @torch.no_grad()
    def look(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Mapping[str, list[Tensor]]:
        """The attention weights of each layer, by the name of the attention; none of a network without attention."""
        if not hasattr(self.network, "look"):
            return {}
        inner, back = self.normalise(x)
        truth = None if y is None else self.normalise.apply_to(y, back)
        network = cast(Looking, self.network)
        if self.cycle is None:
            return network.look(inner, x_marks, y_marks, truth)
        return network.look(inner - self.cycle(x_marks[..., -1]), x_marks[..., :-1], y_marks[..., :-1],
                            None if truth is None else truth - self.cycle(y_marks[..., -1]))


def _exact(raw: Tensor) -> Tensor:
    """What a network says under autocast, in float32: units and losses need more than bfloat16 has."""
    return raw.float() if raw.dtype in (torch.bfloat16, torch.float16) else raw
