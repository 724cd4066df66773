"""Residual networks: SNGAN's generator and discriminator, and with attention SAGAN's."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.gan.attention import Attention
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.told import ConditionalNorm, LabelPlanes, Start
from genloom.nn.gan.verdict import Head, Verdict, wrapped
from genloom.nn.layout import channels_last, double
from genloom.nn.residual import halve

_LEAST = 4  # pixels that a generator starts from and a discriminator ends at
_MOST = 16  # widths stop growing at 16 · width
_GAIN = 2**0.5  # of weights behind a ReLU, which halves the mean square

Wrap = Callable[[nn.Module], nn.Module]


class ResidualGenerator(nn.Module):
    """(z (B, Z), y (B, K) or None) → pictures (B, C, S, S) in [−1, 1], S = 4, 8, 16, …

    A linear layer to 4 × 4 places, an `UpBlock` for each doubling, batch norm, ReLU, a 3 × 3 convolution, tanh. At s
    pixels there are `width` · min(S/s, 16) channels, and at 4 as many as at 8: 1024, 1024, 512, 256, 128, 64 for a
    width of 64 at 128 pixels. Labels enter with the noise or through the norms. [Miyato et al. 2018, App. B.4]

    Errors: `InputError` for sizes, of the pictures or of attention, that are not among 4, 8, 16, …
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        sizes, wrap = _sizes(shape), wrapped(shape, generator=True)
        width = _width(shape, _LEAST)
        self.start = Start(shape)
        self.first = wrap(_started(nn.Linear(self.start.width, _LEAST**2 * width)))
        self.layers = nn.ModuleList()
        for size in sizes:
            if size > _LEAST:
                self.layers.append(UpBlock(shape, width, _width(shape, size), wrap))
                width = _width(shape, size)
            if size in shape.attention:
                self.layers.append(Attention(width, wrap))
        self.norm = ConditionalNorm(shape, width)
        self.last = wrap(_started(nn.Conv2d(width, shape.channels, 3, padding=1)))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """A picture for each z.

        Errors: `InputError` where labels are needed and not given.
        """
        h = _laid_out(self.first(self.start(z, y)).unflatten(1, (-1, _LEAST, _LEAST)))
        for layer in self.layers:
            h = layer(h, y)
        return torch.tanh(self.last(F.relu(self.norm(h, y))))


class ResidualDiscriminator(nn.Module):
    """(pictures (B, C, S, S), y (B, K) or None) → `Verdict`, each picture's its own.

    A `DownBlock` for each of S, S/2, …, 4 pixels, of which the last does not halve, ReLU, the sum over all places, and
    `Head`. The block that sees s pixels gives as many channels as the generator has there. There are no norms of
    activations. [Miyato et al. 2018, App. B.4]

    Errors: `InputError` for sizes, of the pictures or of attention, that are not among 4, 8, 16, …
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        wrap = wrapped(shape)
        self.planes = LabelPlanes(shape)
        width = self.planes.channels
        self.layers = nn.Sequential()
        for size in reversed(_sizes(shape)):
            first, halved = size == shape.size, size > _LEAST
            self.layers.append(DownBlock(width, _width(shape, size), wrap, first=first, halved=halved))
            width = _width(shape, size)
            if halved and size // 2 in shape.attention:
                self.layers.append(Attention(width, wrap))
        self.head = Head(shape, width)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
        """The verdict on each picture.

        Errors: `InputError` where labels are needed and not given.
        """
        h = self.layers(_laid_out(self.planes(x, y)))
        return cast(Verdict, self.head(F.relu(h).sum((2, 3)), y))


class UpBlock(nn.Module):
    """Twice the size: double(skip x) + conv₂ ReLU norm₂ conv₁ double ReLU norm₁ x. [Miyato et al. 2018, App. B.4]

    (B, channels, H, W) and labels y (B, K) or None → (B, out, 2H, 2W). There are no biases: whatever is the same at
    all places of a channel, the norms that follow take away.
    """

    def __init__(self, shape: GanShape, channels: int, out: int, wrap: Wrap) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = ConditionalNorm(shape, channels), ConditionalNorm(shape, out)
        self.conv_1 = wrap(_started(nn.Conv2d(channels, out, 3, padding=1, bias=False), _GAIN))
        self.conv_2 = wrap(_started(nn.Conv2d(out, out, 3, padding=1, bias=False), _GAIN))
        self.skip = wrap(_started(nn.Conv2d(channels, out, 1, bias=False)))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The larger picture, of norms that may be told y."""
        h = self.conv_1(double(F.relu(self.norm_1(x, y))))
        # doubled after the convolution, not before: of 1 × 1, it gives the same of a quarter of the places
        return double(self.skip(x)) + cast(Tensor, self.conv_2(F.relu(self.norm_2(h, y))))


class DownBlock(nn.Module):
    """halve(skip x + conv₂ ReLU conv₁ ReLU x): (B, channels, H, W) → (B, out, H/2, W/2). [Miyato et al. 2018, App. B.4]

    first    the block that sees the picture itself, and has no ReLU before conv₁
    halved   otherwise the size stays, and x itself is the skip where the channels stay too
    """

    def __init__(self, channels: int, out: int, wrap: Wrap, *, first: bool, halved: bool) -> None:
        super().__init__()
        self.first, self.halved = first, halved
        between = out if first else channels
        self.conv_1 = wrap(_started(nn.Conv2d(channels, between, 3, padding=1), _GAIN))
        self.conv_2 = wrap(_started(nn.Conv2d(between, out, 3, padding=1), _GAIN))
        self.skip = wrap(_started(nn.Conv2d(channels, out, 1))) if halved or channels != out else None

    def forward(self, x: Tensor) -> Tensor:
        """The smaller picture."""
        h = self.conv_2(F.relu(self.conv_1(x if self.first else F.relu(x))))
        if self.halved:
            x, h = halve(x), halve(h)
        return cast(Tensor, h + (x if self.skip is None else self.skip(x)))


def _sizes(shape: GanShape) -> list[int]:
    """4, 8, …, S, all but the last of which may attend."""
    sizes = [_LEAST << i for i in range(shape.doublings + 1)]
    wrong = [size for size in shape.attention if size not in sizes[:-1]]
    if wrong:
        allowed = f"among {', '.join(map(str, sizes[:-1]))} pixels" if sizes[:-1] else "left out at 4 pixels"
        raise InputError("network.attention", shape.attention, allowed)
    return sizes


def _width(shape: GanShape, size: int) -> int:
    """Channels of the generator at `size` pixels, and of what the discriminator's block gives that sees them."""
    return shape.width * min(max(1, shape.size // max(size, 2 * _LEAST)), _MOST)


def _started(layer: nn.Linear | nn.Conv2d, gain: float = 1.0) -> nn.Module:
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _laid_out(x: Tensor) -> Tensor:
    """x in the layout that convolutions are quick in, which all that follows keeps."""
    return channels_last(x) if x.device.type == "cpu" else x
