"""The fully connected pair."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.told import Start
from genloom.nn.gan.verdict import Head, Verdict, wrapped

_MAKING, _JUDGING = 1024, 256
_SLOPE = 0.01  # of LeakyReLU below 0


class MlpGenerator(nn.Module):
    """z (B, Z), y (B, K) or None → pictures (B, C, S, S) in [−1, 1], each a function of its own z and y alone.

    Z → 1024 → 1024 → C·S², with ReLU in between and tanh at the end.

    Errors: `InputError` for what has no place in it.
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        _check(shape)
        shape.plainly_told("mlp")
        wrap = wrapped(shape, generator=True)
        self.picture = (shape.channels, shape.size, shape.size)
        self.start = Start(shape)
        self.first = wrap(nn.Linear(self.start.width, _MAKING))
        self.second = wrap(nn.Linear(_MAKING, _MAKING))
        self.last = wrap(nn.Linear(_MAKING, shape.channels * shape.size**2))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The pictures."""
        h = F.relu(self.first(self.start(z, y)), inplace=True)
        h = F.relu(self.second(h), inplace=True)
        return torch.tanh(self.last(h)).view(len(z), *self.picture)


class MlpDiscriminator(nn.Module):
    """x (B, C, S, S), y (B, K) or None → `Verdict`, each a function of its own x and y alone.

    C·S² → 256 → 256 → 1, with LeakyReLU of slope .01 in between. For `planes` y stands beside the flattened picture.

    Errors: `InputError` for what has no place in it.
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        _check(shape)
        wrap = wrapped(shape)
        self.beside = shape.labels if shape.judging == "planes" else 0
        self.first = wrap(nn.Linear(shape.channels * shape.size**2 + self.beside, _JUDGING))
        self.second = wrap(nn.Linear(_JUDGING, _JUDGING))
        self.head = Head(shape, _JUDGING)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
        """The verdict.

        Errors: `InputError` for labels that are missing or of another shape.
        """
        h = x.flatten(1)
        if self.beside:
            if y is None or y.shape != (len(x), self.beside):
                raise InputError("y", None if y is None else tuple(y.shape),
                                 f"labels of shape ({len(x)}, {self.beside})")
            h = torch.cat((h, y.to(h.dtype)), 1)
        h = F.leaky_relu(self.first(h), _SLOPE, inplace=True)
        h = F.leaky_relu(self.second(h), _SLOPE, inplace=True)
        verdict: Verdict = self.head(h, y)
        return verdict


def _check(shape: GanShape) -> None:
    shape.without("mlp", attention=(), width=GanShape.width)
