"""Residual blocks that know the time, and changes of a picture's size."""

from typing import Literal, cast

from torch import Tensor, nn
from torch.nn import functional as F

from genloom.nn.layout import double, spread
from genloom.nn.norm import GroupNorm, start_at_zero

Change = Literal["none", "down", "up"]


def halve(x: Tensor) -> Tensor:
    """The mean of each 2 × 2 places: (B, C, H, W) → (B, C, H/2, W/2)."""
    return F.avg_pool2d(x, 2)


class ResidualBlock(nn.Module):
    """skip(x) + conv_2(SiLU(norm_2(conv_1(SiLU(norm_1(x)))))), told the time between the convolutions.

        scale_shift:   norm_2(h) · (1 + s) + t,   (s, t) = embed(told)
        otherwise:     norm_2(h + embed(told))

    With `change`, x and what conv_1 sees are halved or doubled. conv_2 starts at 0, so that the block starts as `skip`.
    [Ho et al. 2020, appendix B; Dhariwal & Nichol 2021, section 3.1 (adaptive group normalisation) and appendix]

    channels, out_channels   of x and of the output
    told                     size of the embedding; it arrives with its SiLU already applied
    """

    def __init__(self, channels: int, out_channels: int, told: int, *, scale_shift: bool = True,
                 change: Change = "none", dropout: float = 0.0, groups: int = 8, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.scale_shift, self.change = scale_shift, change
        self.norm_1 = GroupNorm(channels, groups, epsilon)
        self.conv_1 = nn.Conv2d(channels, out_channels, 3, padding=1)
        self.embed = nn.Linear(told, 2 * out_channels if scale_shift else out_channels)
        self.norm_2 = GroupNorm(out_channels, groups, epsilon)
        self.dropout = nn.Dropout(dropout) if dropout else None
        self.conv_2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.skip = nn.Conv2d(channels, out_channels, 1) if channels != out_channels else None
        start_at_zero(self.conv_2)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """(B, channels, H, W) and told, (B, told) or (1, told) → (B, out_channels, H, W), halved or doubled."""
        h = self.norm_1.activated(x)
        if self.change != "none":
            resize = halve if self.change == "down" else double
            x, h = resize(x), resize(h)
        h = self._told(h, self.embed(told))
        if self.dropout is not None:
            h = self.dropout(h)
        return cast(Tensor, self._skipped(x) + self.conv_2(h))

    def _skipped(self, x: Tensor) -> Tensor:
        if self.skip is None:
            return x
        # As a matrix in between, the weight of 1 × 1 gets a gradient with its own strides, which several processes need
        weight = self.skip.weight.flatten(1)[:, :, None, None]
        return F.conv2d(x, weight, self.skip.bias)

    def _told(self, h: Tensor, told: Tensor) -> Tensor:
        if self.scale_shift:
            scale, shift = told.chunk(2, dim=1)
            return self.norm_2.activated(self.conv_1(h), scale, shift)
        if len(told) == 1:  # what all samples are told is a part of the bias
            bias = cast(Tensor, self.conv_1.bias) + told[0]
            return self.norm_2.activated(F.conv2d(h, self.conv_1.weight, bias, padding=1))
        h = self.conv_1(h)
        return self.norm_2.activated(h + spread(told, h))


class Downsample(nn.Module):
    """Half the size by a 3 × 3 convolution of stride 2: (B, C, H, W) → (B, C, H/2, W/2).

    one_sided   pads right and below only, as DDPM's TensorFlow did, instead of on all sides
    """

    def __init__(self, channels: int, *, one_sided: bool = False) -> None:
        super().__init__()
        self.one_sided = one_sided
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=0 if one_sided else 1)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """The smaller picture; what a residual block is told has no use here."""
        return cast(Tensor, self.conv(F.pad(x, (0, 1, 0, 1)) if self.one_sided else x))


class Upsample(nn.Module):
    """Double the size, then a 3 × 3 convolution: (B, C, H, W) → (B, C, 2H, 2W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """The larger picture; what a residual block is told has no use here."""
        return cast(Tensor, self.conv(double(x)))
