"""A residual block that is told nothing."""

from torch import Tensor, nn

from genloom.nn.layout import double
from genloom.nn.norm import GroupNorm, start_at_zero
from genloom.nn.residual import Change, halve


class PlainBlock(nn.Module):
    """skip(x) + conv_2(SiLU(norm_2(conv_1(SiLU(norm_1(x)))))): (B, channels, H, W) → (B, out_channels, H', W').

    With `change`, x and what conv_1 sees are halved (an odd size loses its last row and column) or doubled. conv_2
    starts at 0, so that the block starts as `skip`. [He et al. 2016b, Fig. 4e, with group normalisation]

    channels, out_channels   of x and of the output
    """

    def __init__(self, channels: int, out_channels: int, *, change: Change = "none") -> None:
        super().__init__()
        self.change = change
        self.norm_1 = GroupNorm(channels)
        self.conv_1 = nn.Conv2d(channels, out_channels, 3, padding=1)
        self.norm_2 = GroupNorm(out_channels)
        self.conv_2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.skip = nn.Conv2d(channels, out_channels, 1) if channels != out_channels else None
        start_at_zero(self.conv_2)

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        h = self.norm_1.activated(x)
        if self.change != "none":
            resize = halve if self.change == "down" else double
            x, h = resize(x), resize(h)
        h = self.conv_2(self.norm_2.activated(self.conv_1(h)))
        out: Tensor = (x if self.skip is None else self.skip(x)) + h
        return out
