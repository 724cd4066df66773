"""Group normalisation, what is told between it and the activation, and both in one pass."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError


def groups_of(channels: int, most: int) -> int:
    """The largest divisor of `channels` that is at most `most`.

    >>> groups_of(48, 32)
    24

    Errors: `InputError` for less than 1.
    """
    if most < 1:
        raise InputError("network.groups", most, "at least 1")
    return max(count for count in range(1, min(most, channels) + 1) if channels % count == 0)


def start_at_zero(layer: nn.Conv2d | nn.Linear) -> None:
    """Sets a layer's weights to 0, so that what it is added to passes unchanged at first."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


class GroupNorm(nn.GroupNorm):
    """Group normalisation of (B, C, H, W) with the largest number of groups that divides the channels.

    groups   at most so many groups
    """

    def __init__(self, channels: int, groups: int = 8, epsilon: float = 1e-5) -> None:
        super().__init__(groups_of(channels, groups), channels, epsilon)

    def activated(self, x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None) -> Tensor:
        """SiLU(norm(x) · (1 + scale) + shift), scale and shift of shape (B, C), (1, C) or both None."""
        h = self(x)
        if scale is not None and shift is not None:
            factor = (1 + scale).to(h.dtype)[:, :, None, None]
            h = torch.addcmul(shift.to(h.dtype)[:, :, None, None], h, factor)
        return F.silu(h)
