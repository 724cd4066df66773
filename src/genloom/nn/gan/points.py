"""A generator and a discriminator of points: fully connected layers with LeakyReLU.

Weights start with the variance at which signals keep their size [He et al. 2015, Eq. 15]: with torch's own, which are
smaller, a generator of six layers starts as nearly a point and takes several times as long.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.told import Start
from genloom.nn.gan.verdict import Head, Verdict, wrapped

_SLOPE = 0.2  # of LeakyReLU below 0


class PointGenerator(nn.Module):
    """z (B, Z) and labels y (B, K) or None → points (B, dim), by `depth` linear layers with LeakyReLU between them.

    shape   its `latent`, `width`, `labels`, `told` and `spectral`; the last layer is never normalised, since points
            have any size

    Errors: `InputError` for fewer than 2 layers, or a condition that points have no place for.
    """

    def __init__(self, shape: GanShape, *, dim: int = 2, depth: int = 6) -> None:
        super().__init__()
        _check(shape, depth)
        self.start = Start(shape)
        self.hidden = _hidden(wrapped(shape, generator=True), self.start.width, shape.width, depth - 1)
        self.output = _linear(shape.width, dim)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Points of noise and labels."""
        return cast(Tensor, self.output(self.hidden(self.start(z, y))))


class PointDiscriminator(nn.Module):
    """Points (B, dim) and labels y (B, K) or None → `Verdict`, by `depth` linear layers with LeakyReLU between them.

    shape   its `width`, `labels`, `judging`, `read` and `spectral`; `planes` are y beside the point

    Errors: `InputError` as `PointGenerator`, and in a call where labels are needed and not given.
    """

    def __init__(self, shape: GanShape, *, dim: int = 2, depth: int = 6) -> None:
        super().__init__()
        _check(shape, depth)
        self.beside = shape.labels if shape.judging == "planes" else 0
        self.hidden = _hidden(wrapped(shape), dim + self.beside, shape.width, depth - 1)
        self.head = Head(shape, shape.width)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
        """What is said of points."""
        if self.beside:
            if y is None:
                raise InputError("y", None, "labels (B, K): this discriminator sees them beside the point")
            x = torch.cat((x, y.to(x.dtype)), 1)
        verdict: Verdict = self.head(self.hidden(x), y)
        return verdict


def _hidden(wrap: Callable[[nn.Module], nn.Module], inputs: int, width: int, layers: int) -> nn.Sequential:
    sizes = [inputs] + [width] * layers
    parts: list[nn.Module] = []
    for before, after in pairwise(sizes):
        parts += [wrap(_linear(before, after)), nn.LeakyReLU(_SLOPE)]
    return nn.Sequential(*parts)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
    nn.init.zeros_(layer.bias)
    return layer


def _check(shape: GanShape, depth: int) -> None:
    if depth < 2:
        raise InputError("network.depth", depth, "at least 2 linear layers", "pass --network.depth 6")
    if shape.told == "norm":
        raise InputError("network.told", "norm", "none, concatenate or multiply: points have no batch norm",
                         "pass --network.told concatenate")
    shape.without("points", attention=(), norm="none")
