"""The convolutional pair of a course's exercise, for pictures of 28 pixels and other multiples of 4."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.told import ConditionalNorm, LabelPlanes, Start
from genloom.nn.gan.verdict import Head, Verdict, wrapped
from genloom.nn.layout import for_convolutions

_MAKING, _JUDGING = 1024, 1024
_SLOPE = 0.01  # of LeakyReLU below 0
_LEAST = 16  # pixels: two convolutions of 5 × 5, each with a halving, leave one


class CourseGenerator(nn.Module):
    """z (B, Z), y (B, K) or None → pictures (B, C, S, S) in [−1, 1].

    linear 1024, ReLU, norm; linear 128·(S/4)², ReLU, norm; as (128, S/4, S/4); transposed convolution of 4 × 4 and
    stride 2 to 64 channels, ReLU, norm; another to C channels, tanh. The norms are batch norms, of each coordinate
    after the linear layers and of each channel after the convolution. First weights are Xavier-uniform.

    Errors: `InputError` for a size that is no multiple of 4 from 16 on, and for what has no place in it.
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        _check(shape)
        wrap = wrapped(shape, generator=True)
        side = shape.size // 4
        self.small = (128, side, side)
        self.start = Start(shape)
        self.first = wrap(_begun(nn.Linear(self.start.width, _MAKING)))
        self.first_norm = ConditionalNorm(shape, _MAKING)
        self.second = wrap(_begun(nn.Linear(_MAKING, 128 * side**2)))
        self.second_norm = ConditionalNorm(shape, 128 * side**2)
        self.third = wrap(_begun(nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1)))
        self.third_norm = ConditionalNorm(shape, 64)
        self.last = wrap(_begun(nn.ConvTranspose2d(64, shape.channels, 4, stride=2, padding=1)))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The pictures."""
        h = F.relu(self.first(self.start(z, y)), inplace=True)
        h = F.relu(self.second(self.first_norm(h, y)), inplace=True)
        h = self.second_norm(h, y).unflatten(1, self.small)
        h = F.relu(self.third(for_convolutions(h)), inplace=True)
        return torch.tanh(self.last(self.third_norm(h, y)))


class CourseDiscriminator(nn.Module):
    """x (B, C, S, S), y (B, K) or None → `Verdict`, each a function of its own x and y alone.

    convolution of 5 × 5 to 32 channels, LeakyReLU of slope .01, the largest of each 2 × 2; the same to 64 channels;
    linear 1024 (from 64·4² at 28 pixels), LeakyReLU; linear 1. First weights of linear layers are Xavier-uniform.

    Errors: `InputError` for a size that is no multiple of 4 from 16 on, and for what has no place in it.
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        _check(shape)
        wrap = wrapped(shape)
        side = ((shape.size - 4) // 2 - 4) // 2
        self.planes = LabelPlanes(shape)
        self.first = wrap(nn.Conv2d(self.planes.channels, 32, 5))
        self.second = wrap(nn.Conv2d(32, 64, 5))
        self.third = wrap(_begun(nn.Linear(64 * side**2, _JUDGING)))
        self.head = Head(shape, _JUDGING, _begun)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
        """The verdict."""
        h = for_convolutions(self.planes(x, y))
        # LeakyReLU increases, so that after the maximum it is what it is before, and there are a quarter of the places
        h = F.leaky_relu(F.max_pool2d(self.first(h), 2), _SLOPE, inplace=True)
        h = F.leaky_relu(F.max_pool2d(self.second(h), 2), _SLOPE, inplace=True)
        h = F.leaky_relu(self.third(h.flatten(1)), _SLOPE, inplace=True)
        verdict: Verdict = self.head(h, y)
        return verdict


def _begun(layer: nn.Linear | nn.ConvTranspose2d) -> nn.Module:
    nn.init.xavier_uniform_(layer.weight)
    return layer


def _check(shape: GanShape) -> None:
    shape.without("course", attention=(), width=GanShape.width)
    if shape.size % 4 or shape.size < _LEAST:
        raise InputError("data.size", shape.size, f"a multiple of 4, at least {_LEAST}, for the pair 'course'",
                         "pass --data.size 28")
