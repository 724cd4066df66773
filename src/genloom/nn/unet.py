"""The U-Net that denoises pictures."""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.attention import PictureAttention, PictureCrossAttention
from genloom.nn.conditioning import ClassEmbedding, Context, LabelSetEmbedding
from genloom.nn.embeddings import TimeEmbedding
from genloom.nn.layout import channels_last, contiguous
from genloom.nn.norm import GroupNorm, start_at_zero
from genloom.nn.residual import Change, Downsample, ResidualBlock, Upsample
from genloom.nn.unet_shape import UNetShape


class Level(nn.Module):
    """The blocks of one size, their attentions (none, or one after each block), and the change to the next size."""

    def __init__(self, shape: UNetShape, size: int, blocks: list[ResidualBlock], resample: nn.Module | None) -> None:
        super().__init__()
        channels = blocks[0].conv_2.out_channels
        count = len(blocks) if size in shape.attention else 0
        self.blocks = nn.ModuleList(blocks)
        self.attentions = nn.ModuleList(_attention(shape, channels) for _ in range(count))
        self.crosses = nn.ModuleList(_cross(shape, channels) for _ in range(count if shape.cross_attention else 0))
        self.resample = resample

    def block(self, i: int, x: Tensor, told: Tensor, context: Context | None) -> Tensor:
        """The i-th block with its attentions."""
        x = cast(Tensor, self.blocks[i](x, told))
        if self.attentions:
            x = self.attentions[i](x)
        if self.crosses:
            x = self.crosses[i](x, context)
        return x


class Middle(nn.Module):
    """Two blocks at the smallest size, with attention between them."""

    def __init__(self, shape: UNetShape) -> None:
        super().__init__()
        channels = shape.widths[-1]
        self.first, self.second = _block(shape, channels, channels), _block(shape, channels, channels)
        self.attention = _attention(shape, channels, norm=shape.middle_norm) if shape.middle_attention else None
        self.cross = _cross(shape, channels) if shape.cross_attention and shape.middle_attention else None

    def forward(self, x: Tensor, told: Tensor, context: Context | None) -> Tensor:
        """(B, C, H, W) → (B, C, H, W)."""
        x = self.first(x, told)
        if self.attention is not None:
            x = self.attention(x)
        if self.cross is not None:
            x = self.cross(x, context)
        return cast(Tensor, self.second(x, told))


class UNet(nn.Module):
    """A U-Net of residual blocks and attention that is told the time, and the class or the labels if it has any.

    The skeleton is DDPM's: a convolution; on the way down, at each size, `blocks` residual blocks and a halving; two
    blocks in the middle; on the way up `blocks` + 1 residual blocks, each of which also sees what the way down left at
    that size, and a doubling; normalisation, SiLU and a convolution, which starts at 0, as does the last layer of
    each block. diffusers' `UNet2DModel` and guided-diffusion's `UNetModel` are the same function under other names.
    [Ho et al. 2020, appendix B; Nichol & Dhariwal 2021; Dhariwal & Nichol 2021]

    State: conv_in, time_embedding, label_embedding, down[level], middle, up[level, the smallest size first], norm_out,
    conv_out.
    """

    def __init__(self, shape: UNetShape) -> None:
        super().__init__()
        self.shape = shape
        self.conv_in = nn.Conv2d(shape.channels, shape.widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(shape.time_features or shape.width, shape.told,
                                            cosine_first=shape.cosine_first, frequency_shift=shape.frequency_shift)
        self.label_embedding = _label_embedding(shape)
        self.down, kept = _way_down(shape)
        self.middle = Middle(shape)
        self.up = _way_up(shape, kept)
        self.norm_out = GroupNorm(shape.widths[0], shape.groups, shape.epsilon)
        self.conv_out = nn.Conv2d(shape.widths[0], shape.out_channels or shape.channels, 3, padding=1)
        start_at_zero(self.conv_out)

    def forward(self, x: Tensor, time: Tensor, labels: Tensor | None = None) -> Tensor:
        """The output for pictures x, in x's precision.

        x        (B, channels, H, W); H and W are multiples of 2^(levels − 1)
        time     (B,), or (1,) for all samples
        labels   classes, int64 (B,) or (1,); or sets, float multi-hot (B, label_set); None is none

        Errors: `InputError` for another shape of x, or labels that the network does not know.
        """
        self._check(x)
        told, context = self._told(time, labels)
        h = self.conv_in(channels_last(x) if x.device.type == "cpu" else x)  # all that follows keeps this layout
        kept = [h]
        for level in _levels(self.down):
            for i in range(len(level.blocks)):
                h = level.block(i, h, told, context)
                kept.append(h)
            if level.resample is not None:
                h = level.resample(h, told)
                kept.append(h)
        h = self.middle(h, told, context)
        for level in _levels(self.up):
            for i in range(len(level.blocks)):
                h = level.block(i, torch.cat((h, kept.pop()), dim=1), told, context)
            if level.resample is not None:
                h = level.resample(h, told)
        out = self.conv_out(self.norm_out.activated(h)).to(x.dtype)
        return contiguous(out) if x.is_contiguous() else out

    def _told(self, time: Tensor, labels: Tensor | None) -> tuple[Tensor, Context | None]:
        """What each block is told, (B or 1, told), after the SiLU that all of them share; and the labels' tokens."""
        told = self.time_embedding(time)
        context = None
        if self.label_embedding is not None:
            told = told + self.label_embedding(labels)
            if self.shape.cross_attention:
                context = cast(LabelSetEmbedding, self.label_embedding).context(labels)
        elif labels is not None:
            raise InputError("labels", tuple(labels.shape), "None for a network without classes",
                             "train with --network.conditioning class")
        return F.silu(told), context

    def _check(self, x: Tensor) -> None:
        unit = 2 ** (len(self.shape.multipliers) - 1)
        if x.ndim != 4 or x.shape[1] != self.shape.channels or x.shape[2] % unit or x.shape[3] % unit:
            raise InputError("x", f"shape {tuple(x.shape)}",
                             f"(B, {self.shape.channels}, H, W) with H and W multiples of {unit}")


def _levels(way: nn.ModuleList) -> Iterable[Level]:
    return cast(Iterable[Level], way)


def _block(shape: UNetShape, channels: int, out: int, change: Change = "none") -> ResidualBlock:
    return ResidualBlock(channels, out, shape.told, scale_shift=shape.scale_shift, change=change,
                         dropout=shape.dropout, groups=shape.groups, epsilon=shape.epsilon)


def _attention(shape: UNetShape, channels: int, *, norm: bool = True) -> PictureAttention:
    return PictureAttention(channels, shape.heads_at(channels), groups=shape.groups, epsilon=shape.epsilon, norm=norm)


def _cross(shape: UNetShape, channels: int) -> PictureCrossAttention:
    return PictureCrossAttention(channels, shape.told, shape.heads_at(channels), groups=shape.groups,
                                 epsilon=shape.epsilon)


def _label_embedding(shape: UNetShape) -> ClassEmbedding | LabelSetEmbedding | None:
    if shape.classes:
        return ClassEmbedding(shape.classes, shape.told)
    return LabelSetEmbedding(shape.label_set, shape.told) if shape.label_set else None


def _resample(shape: UNetShape, channels: int, change: Change) -> nn.Module:
    if shape.resample == "residual":
        return _block(shape, channels, channels, change)
    return Downsample(channels, one_sided=shape.one_sided) if change == "down" else Upsample(channels)


def _way_down(shape: UNetShape) -> tuple[nn.ModuleList, list[int]]:
    """The levels from the full size down, and the channels of all that they leave for the way up."""
    levels, channels = nn.ModuleList(), shape.widths[0]
    kept = [channels]
    for width, size in zip(shape.widths, shape.sizes, strict=True):
        blocks = [_block(shape, channels if i == 0 else width, width) for i in range(shape.blocks)]
        last = size == shape.sizes[-1]
        levels.append(Level(shape, size, blocks, None if last else _resample(shape, width, "down")))
        kept += [width] * (shape.blocks if last else shape.blocks + 1)
        channels = width
    return levels, kept


def _way_up(shape: UNetShape, kept: list[int]) -> nn.ModuleList:
    """The levels from the smallest size up; each block takes the last of what is kept."""
    levels, channels, kept = nn.ModuleList(), shape.widths[-1], list(kept)
    for width, size in zip(reversed(shape.widths), reversed(shape.sizes), strict=True):
        blocks = []
        for _ in range(shape.blocks + 1):
            blocks.append(_block(shape, channels + kept.pop(), width))
            channels = width
        levels.append(Level(shape, size, blocks, None if size == shape.size else _resample(shape, width, "up")))
    return levels
