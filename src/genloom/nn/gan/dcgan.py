"""The deep convolutional pair for 8, 16, 32, 64, … pixels. [Radford et al. 2016]"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.told import ConditionalNorm, LabelPlanes, Start
from genloom.nn.gan.verdict import Head, Verdict, wrapped
from genloom.nn.layout import for_convolutions

_SLOPE = 0.2  # of LeakyReLU below 0
_SPREAD = 0.02  # of the first weights


class DcganGenerator(nn.Module):
    """z (B, Z), y (B, K) or None → pictures (B, C, S, S) in [−1, 1].

    linear to 4 × 4 places of width·S/8 channels; transposed convolutions of 4 × 4 and stride 2, each of which halves
    the channels, down to `width` at S/2, and the last to C channels and S pixels. Batch norm and ReLU before each,
    tanh at the end. First weights are N(0, .02²). [Radford et al. 2016, §3, Fig. 1 and §4; width 128 at S = 64 there]

    Errors: `InputError` for a size that is no power of two from 8 on, and for what has no place in it.
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        widths = _widths(shape)[::-1]
        wrap = wrapped(shape, generator=True)
        self.start = Start(shape)
        self.first = wrap(_begun(nn.Linear(self.start.width, 16 * widths[0], bias=False)))
        self.norms = nn.ModuleList(ConditionalNorm(shape, width) for width in widths)
        self.doublings = nn.ModuleList()
        for i, (before, after) in enumerate(pairwise([*widths, shape.channels]), 1):
            normed = i < len(widths)
            self.doublings.append(wrap(_begun(nn.ConvTranspose2d(before, after, 4, 2, 1, bias=not normed))))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The pictures."""
        # a linear layer's outputs have no order of their own: read place by place they are in channels-last memory
        h = self.first(self.start(z, y)).unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2)
        for norm, doubling in zip(self.norms, self.doublings, strict=True):
            h = doubling(F.relu(norm(h, y), inplace=True))
        return torch.tanh(h)


class DcganDiscriminator(nn.Module):
    """x (B, C, S, S), y (B, K) or None → `Verdict`.

    Convolutions of 4 × 4 and stride 2 with LeakyReLU of slope .2, to `width` channels at S/2 and twice as many with
    each halving, down to 4 × 4 places, which a linear layer sees. Batch norm after all but the first convolution where
    the norm is batch; without it each verdict is a function of its own x and y alone. First weights are N(0, .02²).
    [Radford et al. 2016, §3 and §4]

    Errors: `InputError` for a size that is no power of two from 8 on, and for what has no place in it.
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        widths = _widths(shape)
        wrap = wrapped(shape)
        self.planes = LabelPlanes(shape)
        self.halvings, self.norms = nn.ModuleList(), nn.ModuleList()
        for i, (before, after) in enumerate(pairwise([self.planes.channels, *widths])):
            normed = i > 0 and shape.norm == "batch"
            self.halvings.append(wrap(_begun(nn.Conv2d(before, after, 4, 2, 1, bias=not normed))))
            self.norms.append(nn.BatchNorm2d(after) if normed else nn.Identity())
        self.head = Head(shape, 16 * widths[-1], _begun)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
        """The verdict."""
        h = for_convolutions(self.planes(x, y))
        for halving, norm in zip(self.halvings, self.norms, strict=True):
            h = F.leaky_relu(norm(halving(h)), _SLOPE, inplace=True)
        verdict: Verdict = self.head(h.flatten(1), y)
        return verdict


def _widths(shape: GanShape) -> list[int]:
    """Channels at S/2, S/4, … 4 pixels."""
    shape.without("dcgan", attention=())
    if shape.doublings < 1:
        raise InputError("data.size", shape.size, "at least 8 pixels for the pair 'dcgan'", "pass --data.size 32")
    return [shape.width << level for level in range(shape.doublings)]


def _begun(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
    nn.init.normal_(layer.weight, std=_SPREAD)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
