"""The plain U-Net of minDiffusion: triple convolutions, max pooling, no attention."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.conditioning import ClassEmbedding

_GROUPS = 8
_POOLED = 4  # the lowest level is averaged over squares of so many places
_MULTIPLE = 8 * _POOLED  # three halvings, then the squares
_ROOT_TWO = 1.414  # as the original writes it: √2 would change the outputs of its weights in the fourth digit


@dataclass(frozen=True, kw_only=True)
class NaiveUNetShape:
    """Sizes of a `NaiveUNet`.

    size          width and height of the pictures, a multiple of 32
    channels      of the pictures
    out_channels  of the output; None is as many as the pictures have
    width         channels of the first level, a multiple of 8; the two below it have twice as many
    classes       number of classes, 0 for none
    """

    size: int = 32
    channels: int = 3
    out_channels: int | None = None
    width: int = 128
    classes: int = 0

    def __post_init__(self) -> None:
        if self.size < _MULTIPLE or self.size % _MULTIPLE:
            raise InputError("data.size", self.size, f"a multiple of {_MULTIPLE} for the naive-unet",
                             f"pass --data.size {_MULTIPLE}")
        if self.width < _GROUPS or self.width % _GROUPS:
            raise InputError("network.width", self.width, f"a multiple of {_GROUPS} for the naive-unet",
                             "pass --network.width 128")


class NaiveUNet(nn.Module):
    """(B, C, S, S), time → (B, C', S, S): a U-Net of ten triple convolutions that is told t/T by one sine layer.

    The lowest level, averaged over squares of 4 × 4 places, plus the time's vector τ(t) = W₂ sin(w₁ t) + b₂ is the code
    from which the way up starts; τ is added once more after the first step. Classes, which the original does not know,
    add their vector to τ. With `classes` = 0 the layers have the original's names and shapes, so that its `state_dict`
    loads as it is. [cloneofsimo/minDiffusion, mindiffusion/unet.py; the sine layer is Sitzmann et al. 2020, Eq. 5]

    The time is in [0, 1]: what the original calls t/T.
    """

    def __init__(self, shape: NaiveUNetShape) -> None:
        super().__init__()
        self.shape, width = shape, shape.width
        self.init_conv = _Triple(shape.channels, width, residual=True)
        self.down1 = _Down(width, width)
        self.down2 = _Down(width, 2 * width)
        self.down3 = _Down(2 * width, 2 * width)
        self.to_vec = nn.Sequential(nn.AvgPool2d(_POOLED), nn.ReLU())
        self.timeembed = _TimeSine(2 * width)
        self.label = ClassEmbedding(shape.classes, 2 * width) if shape.classes else None
        self.up0 = nn.Sequential(
            nn.ConvTranspose2d(2 * width, 2 * width, _POOLED, _POOLED), nn.GroupNorm(_GROUPS, 2 * width), nn.ReLU()
        )
        self.up1 = _Up(4 * width, 2 * width)
        self.up2 = _Up(4 * width, width)
        self.up3 = _Up(2 * width, width)
        self.out = nn.Conv2d(2 * width, shape.out_channels or shape.channels, 3, padding=1)

    def forward(self, x: Tensor, time: Tensor, labels: Tensor | None = None) -> Tensor:
        """The output for times (B,) or (1,) in [0, 1] and labels (B,), (1,) or None, which is class `classes`."""
        told = self._told(time, labels)
        top = self.init_conv(x)
        down1 = self.down1(top)
        down2 = self.down2(down1)
        down3 = self.down3(down2)
        h = self.up0(self.to_vec(down3) + told)
        h = self.up1(h, down3) + told
        h = self.up3(self.up2(h, down2), down1)
        output: Tensor = self.out(torch.cat((h, top), dim=1))
        return output

    def _told(self, time: Tensor, labels: Tensor | None) -> Tensor:
        """τ, (B, 2·width, 1, 1) or (1, 2·width, 1, 1)."""
        told: Tensor = self.timeembed(time)
        if self.label is not None:
            told = told + self.label(labels)
        return told[:, :, None, None]


class _Triple(nn.Module):
    """Three convolutions with group normalisation and ReLU; if `residual`, (h + the last two of h) / 1.414."""

    def __init__(self, channels: int, width: int, *, residual: bool = False) -> None:
        super().__init__()
        self.residual = residual
        self.main = nn.Sequential(*_convolution(channels, width))
        self.conv = nn.Sequential(*_convolution(width, width), *_convolution(width, width))

    def forward(self, x: Tensor) -> Tensor:
        first: Tensor = self.main(x)
        rest: Tensor = self.conv(first)
        return (first + rest) / _ROOT_TWO if self.residual else rest


def _convolution(channels: int, width: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, width, 3, padding=1), nn.GroupNorm(_GROUPS, width), nn.ReLU()]


class _Down(nn.Module):
    """Half the size."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.model = nn.Sequential(_Triple(channels, width), nn.MaxPool2d(2))

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.model(x)
        return h


class _Up(nn.Module):
    """Twice the size, from the level below and what came down at its size."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.ConvTranspose2d(channels, width, 2, 2), _Triple(width, width), _Triple(width, width)
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        h: Tensor = self.model(torch.cat((x, skip), dim=1))
        return h


class _TimeSine(nn.Module):
    """W₂ sin(w₁ t) + b₂: (B,) → (B, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(1, width, bias=False)
        self.lin2 = nn.Linear(width, width)

    def forward(self, t: Tensor) -> Tensor:
        angle = t[:, None] * self.lin1.weight[:, 0].to(t.dtype)  # a Linear would round t to bfloat16 under autocast
        h: Tensor = self.lin2(angle.sin().to(self.lin2.weight.dtype))
        return h
