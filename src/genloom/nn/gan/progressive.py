"""Networks that grow from 4 × 4 pixels to whole pictures while they train. [Karras et al. 2018]

A network of L = log₂(S/4) doublings has levels 0 … L of 4 · 2^k pixels, and has grown by `growth` = k + a: level k is
there, and level k + 1 fades in with the share a of its colours.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.gan.progressive_parts import equalised, leaky, pixel_norm, with_variation
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.told import LabelPlanes, Start
from genloom.nn.gan.verdict import Head, Verdict
from genloom.nn.layout import channels_last, double
from genloom.nn.residual import halve

_LEAST = 4  # pixels of level 0
_MOST = 8  # widths stop growing at 8 · width


def growth_at(share: float, levels: int) -> float:
    """The growth in [0, levels] at a share of the training: levels + 1 equal parts, one for each size.

    In the first half of its part a level fades in, linearly; in the second half it is wholly there. Level 0 is there
    from the beginning. [Karras et al. 2018, App. A.1]

    >>> [growth_at(share, levels=1) for share in (0, 0.5, 0.625, 0.75, 1)]
    [0.0, 0.0, 0.5, 1.0, 1.0]

    Errors: `InputError` for a share outside of [0, 1].
    """
    if not 0 <= share <= 1:
        raise InputError("share", share, "in [0, 1]")
    part = min(int(share * (levels + 1)), levels)
    if part == 0:
        return 0.0
    return part - 1 + min(1.0, 2 * (share * (levels + 1) - part))


def grow(networks: Mapping[str, nn.Module], share: float) -> None:
    """Let progressive networks be as large as they are meant to be at a share of the training, in place.

    Errors: `InputError` for a share outside of [0, 1].
    """
    for network in networks.values():
        cast(Tensor, network.growth).fill_(growth_at(share, cast(int, network.levels)))


def at_growth(pictures: Tensor, growth: float) -> Tensor:
    """What pictures are to networks of this growth, floats (B, C, S, S): as coarse, faded as theirs, at full size.

        (1 − a) P_k x + a P_{k+1} x,   P_k: the mean of each block that is a pixel of level k   [ibid., App. A.1]

    Errors: `InputError` for a size that is not 4, 8, 16, …, or a growth outside of [0, log₂(S/4)].
    """
    size = pictures.shape[-1]
    levels = GanShape(size=size).doublings
    if not 0 <= growth <= levels:
        raise InputError("growth", growth, f"in [0, {levels}]")
    level, share = _place(growth)
    picture = _enlarged(_pooled(pictures, level), size)
    return picture if share == 0 else torch.lerp(picture, _enlarged(_pooled(pictures, level + 1), size), share)


class ProgressiveGenerator(nn.Module):
    """(z (B, Z), y (B, K) or None) → pictures (B, C, S, S), S = 4, 8, 16, …; their values are not bounded.

        h_0 = conv linear norm z,   h_k = conv conv double h_{k−1},   rgb_k = (1 × 1 conv) h_k
        (1 − a) rgb_k + a rgb_{k+1},   each pixel a square of the whole picture

    Each conv is 3 × 3 with equalised weights, LeakyReLU and `pixel_norm`. At s pixels there are `width` · min(S/s, 8)
    channels. [Karras et al. 2018, App. A.1, Table 2]

    growth   in [0, levels]; a buffer, so that checkpoints and averages keep it; at first all of it, see `grow`
    levels   number of doublings

    Errors: `InputError` for another size, attention, spectral normalisation, or labels told through norms.
    """

    growth: Tensor

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        widths = _widths(shape)
        self.size, self.levels = shape.size, shape.doublings
        self.start = Start(shape)
        self.first = equalised(nn.Linear(self.start.width, _LEAST**2 * widths[0]))
        self.second = _convolution(widths[0], widths[0])
        self.blocks = nn.ModuleList(_Larger(coarse, fine) for coarse, fine in pairwise(widths))
        self.to_rgb = nn.ModuleList(equalised(nn.Conv2d(width, shape.channels, 1), gain=1) for width in widths)
        self.register_buffer("growth", torch.tensor(float(self.levels)))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """A picture for each z.

        Errors: `InputError` where labels are needed and not given.
        """
        level, share = _place(self.growth.item())
        h = self.first(self.start(pixel_norm(z), y)).unflatten(1, (-1, _LEAST, _LEAST))
        h = pixel_norm(leaky(self.second(pixel_norm(leaky(_laid_out(h))))))
        for block in list(self.blocks)[:level]:
            h = block(h)
        picture = self.to_rgb[level](h)
        if share > 0:
            picture = torch.lerp(double(picture), self.to_rgb[level + 1](self.blocks[level](h)), share)
        return _enlarged(picture, self.size)


class ProgressiveDiscriminator(nn.Module):
    """(pictures (B, C, S, S), y (B, K) or None) → `Verdict`.

        e_k = (1 × 1 conv) pool x of 4 · 2^k pixels,   d_k = halve conv conv of what level k + 1 gives
        h_k = (1 − a) e_k + a d_k(e_{k+1}),   h_{j−1} = d_{j−1}(h_j),   Head linear conv (h_0, its variation)

    It is the generator's mirror, without pixel norm. The variation is that of four successive pictures, so verdicts
    depend on their neighbours: see `with_variation`. [Karras et al. 2018, §3 and App. A.1, Table 2]

    growth   in [0, levels]; a buffer, so that checkpoints and averages keep it; at first all of it, see `grow`
    levels   number of doublings

    Errors: `InputError` for another size, attention, spectral normalisation, or labels told through norms.
    """

    growth: Tensor

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        widths = _widths(shape)
        self.levels = shape.doublings
        self.planes = LabelPlanes(shape)
        if self.planes.plane is not None:
            equalised(self.planes.plane, gain=1)
        self.from_rgb = nn.ModuleList(equalised(nn.Conv2d(self.planes.channels, width, 1)) for width in widths)
        self.blocks = nn.ModuleList(_Smaller(fine, coarse) for coarse, fine in pairwise(widths))
        self.second = _convolution(widths[0] + 1, widths[0])
        self.last = equalised(nn.Linear(_LEAST**2 * widths[0], widths[0]))
        self.head = _head(shape, widths[0])
        self.register_buffer("growth", torch.tensor(float(self.levels)))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
        """The verdict on each picture.

        Errors: `InputError` where labels are needed and not given.
        """
        level, share = _place(self.growth.item())
        x = self.planes(x, y)
        h = self._seen(x, level)
        if share > 0:
            h = torch.lerp(h, self.blocks[level](self._seen(x, level + 1)), share)
        for block in list(self.blocks)[:level][::-1]:
            h = block(h)
        h = leaky(self.second(with_variation(h)))
        return cast(Verdict, self.head(leaky(self.last(h.flatten(1))), y))

    def _seen(self, x: Tensor, level: int) -> Tensor:
        return leaky(self.from_rgb[level](_laid_out(_pooled(x, level))))


class _Larger(nn.Module):
    """Twice the size, two convolutions: (B, channels, H, W) → (B, out, 2H, 2W)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv_1, self.conv_2 = _convolution(channels, out), _convolution(out, out)

    def forward(self, x: Tensor) -> Tensor:
        h = pixel_norm(leaky(self.conv_1(double(x))))
        return pixel_norm(leaky(self.conv_2(h)))


class _Smaller(nn.Module):
    """Two convolutions, half the size: (B, channels, H, W) → (B, out, H/2, W/2)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv_1, self.conv_2 = _convolution(channels, channels), _convolution(channels, out)

    def forward(self, x: Tensor) -> Tensor:
        return halve(leaky(self.conv_2(leaky(self.conv_1(x)))))


def _widths(shape: GanShape) -> list[int]:
    """Channels of levels 0 … L.

    Errors: `InputError` for what these networks have no place for.
    """
    shape.without("progressive", attention=(), spectral="none")
    if shape.told == "norm":
        raise InputError("network.told", "norm", "none, concatenate or multiply for the pair 'progressive'",
                         "its generator has no norms that could be told")
    return [shape.width * min(1 << above, _MOST) for above in range(shape.doublings, -1, -1)]


def _head(shape: GanShape, features: int) -> Head:
    """The last layers with equalised weights; e(y) starts as large as w."""
    head = Head(shape, features)
    for layer, gain in ((head.logit, 1.0), (head.labels, 1.0), (head.code, 1.0),
                        (head.embedding, (shape.labels / features) ** 0.5)):
        if layer is not None:
            equalised(cast(nn.Linear, layer), gain)
    return head


def _convolution(channels: int, out: int) -> nn.Module:
    return equalised(nn.Conv2d(channels, out, 3, padding=1))


def _place(growth: float) -> tuple[int, float]:
    """The level k that is there, and the share a of the next one."""
    level = int(growth)
    return level, growth - level


def _pooled(x: Tensor, level: int) -> Tensor:
    """The pixels of a level: the mean of each square of x (B, C, S, S)."""
    factor = x.shape[-1] // (_LEAST << level)
    return x if factor == 1 else F.avg_pool2d(x, factor)


def _enlarged(x: Tensor, size: int) -> Tensor:
    """Each pixel of x as a square, so that there are `size`² in all."""
    while x.shape[-1] < size:
        x = double(x)
    return x


def _laid_out(x: Tensor) -> Tensor:
    """x in the layout that convolutions are quick in, which all that follows keeps."""
    return channels_last(x) if x.device.type == "cpu" else x
