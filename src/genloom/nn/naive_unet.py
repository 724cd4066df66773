"""The plain U-Net of minDiffusion: three max-pooled levels, batch normalisation, no attention."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.conditioning import ClassEmbedding

_LEVELS = 3


@dataclass(frozen=True, kw_only=True)
class NaiveUNetShape:
    """Sizes of a `NaiveUNet`.

    size          width and height of the pictures, a multiple of 8
    channels      of the pictures
    out_channels  of the output; None is as many as the pictures have
    width         channels of the first level; the two below it have twice as many
    classes       number of classes, 0 for none
    """

    size: int = 32
    channels: int = 3
    out_channels: int | None = None
    width: int = 128
    classes: int = 0

    def __post_init__(self) -> None:
        if self.size < 2**_LEVELS or self.size % 2**_LEVELS:
            raise InputError("data.size", self.size, "a multiple of 8 for the naive-unet, which halves it three times",
                             "pass --data.size 32")
        if self.width < 1:
            raise InputError("network.width", self.width, "at least 1", "pass --network.width 128")


class NaiveUNet(nn.Module):
    """(B, C, H, W), time → (B, C', H, W): a U-Net of nine triple convolutions that is told t/T by one sine layer.

    The code of the whole picture is the mean of the lowest level plus the time's vector τ(t) = W₂ sin(w₁ t) + b₂, and
    τ is added once more after the first step up. Classes, which the original does not know, add their vector to τ; with
    `classes` = 0 the layers have the original's names and shapes, so that its `state_dict` of 32-pixel pictures loads
    as it is. [cloneofsimo/minDiffusion, mindiffusion/unet.py; the sine layer is Sitzmann et al. 2020, Eq. 5]

    Batch normalisation couples the samples of a training batch, which needs two of them; in `eval` each sample stands
    alone. The time is in [0, 1]: what the original calls t/T.
    """

    def __init__(self, shape: NaiveUNetShape) -> None:
        super().__init__()
        self.shape, width = shape, shape.width
        self.down1 = _Down(shape.channels, width)
        self.down2 = _Down(width, 2 * width)
        self.down3 = _Down(2 * width, 2 * width)
        self.to_vec = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(2 * width), nn.ReLU())
        self.timeembed = _TimeSine(2 * width)
        self.label = ClassEmbedding(shape.classes, 2 * width) if shape.classes else None
        lowest = shape.size // 2**_LEVELS
        self.up0 = nn.Sequential(
            nn.ConvTranspose2d(2 * width, 2 * width, lowest), nn.BatchNorm2d(2 * width), nn.ReLU()
        )
        self.up1 = _Up(4 * width, 2 * width)
        self.up2 = _Up(4 * width, width)
        self.up3 = _Up(2 * width, width)
        self.out = nn.Conv2d(width, shape.out_channels or shape.channels, 1)

    def forward(self, x: Tensor, time: Tensor, labels: Tensor | None = None) -> Tensor:
        """The output for times (B,) or (1,) in [0, 1] and labels (B,), (1,) or None, which is class `classes`."""
        told = self._told(time, labels)
        down1 = self.down1(x)
        down2 = self.down2(down1)
        down3 = self.down3(down2)
        h = self.up0(self.to_vec(down3) + told)
        h = self.up1(h, down3) + told
        h = self.up3(self.up2(h, down2), down1)
        output: Tensor = self.out(h)
        return output

    def _told(self, time: Tensor, labels: Tensor | None) -> Tensor:
        """τ, (B, 2·width, 1, 1) or (1, 2·width, 1, 1)."""
        told: Tensor = self.timeembed(time)
        if self.label is not None:
            told = told + self.label(labels)
        return told[:, :, None, None]


class _Triple(nn.Module):
    """Three convolutions with batch normalisation and ReLU, the middle one twice as wide."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.main = nn.Sequential(*_convolution(channels, width))
        self.conv = nn.Sequential(*_convolution(width, 2 * width), *_convolution(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.conv(self.main(x))
        return h


def _convolution(channels: int, width: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]


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
