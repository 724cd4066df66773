"""Group normalisation, what is told between it and the activation, and both in one pass."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.layout import channels_last, contiguous, spread

_VECTOR = 16  # channels of a group from which on torch's loops over channels-last memory are quick
_PLACES = 1024  # of a picture, from which on they are without gradients


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


class GroupNorm(nn.Module):
    """Group normalisation of (B, C, H, W) with the largest number of groups that divides the channels.

    The mean and variance are those of a sample's group, in float32 at least; weight and bias are those of a channel.
    [Wu & He 2018, Eq. 1 and 7]

    groups    at most so many groups
    epsilon   added to the variance
    """

    def __init__(self, channels: int, groups: int = 8, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.groups, self.epsilon = groups_of(channels, groups), epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def extra_repr(self) -> str:
        """For `print`."""
        return f"{len(self.weight)} channels in {self.groups} groups, epsilon={self.epsilon}"

    def forward(self, x: Tensor) -> Tensor:
        """The normalised x, in its precision and its layout."""
        return _laid_out_as(x, self._normalised(self._quick(x), self.weight, self.bias))

    def activated(self, x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None) -> Tensor:
        """SiLU(norm(x) · (1 + scale) + shift), scale and shift of shape (B, C), (1, C) or both None."""
        if scale is None or shift is None:
            return self._activated(x, self.weight, self.bias)
        factor = 1 + scale.to(self.weight.dtype)
        weight, bias = self.weight * factor, self.bias * factor + shift.to(self.weight.dtype)
        if len(weight) == 1:
            return self._activated(x, weight[0], bias[0])
        return self._activated(x, weight, bias)

    def _activated(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return _laid_out_as(x, F.silu(self._normalised(self._quick(x), weight, bias)))

    def _normalised(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """norm(x) · weight + bias, for weights (C,), or (B, C) of each sample."""
        if weight.ndim == 1:
            return F.group_norm(x, self.groups, weight, bias, self.epsilon)
        batch, channels, height, width = x.shape
        if x.is_contiguous():  # each sample's groups are groups of one large sample, and its weights are weights
            flat = x.view(1, batch * channels, height, width)
            return F.group_norm(flat, batch * self.groups, weight.flatten(), bias.flatten(), self.epsilon).view(x.shape)
        h = F.group_norm(x, self.groups, None, None, self.epsilon)
        return torch.addcmul(spread(bias, h), h, spread(weight, h))

    def _quick(self, x: Tensor) -> Tensor:
        """x, or x in contiguous memory where torch's loops over channels-last memory are slow.

        torch 2.13 goes through the channels of one group at a time, in the backward pass at every size and in the
        forward pass where a picture has fewer than 1024 places. Groups of few channels do not fill a vector then, and
        take 3 to 40 times the time.
        """
        slow = torch.is_grad_enabled() or x.shape[2] * x.shape[3] < _PLACES
        narrow = slow and len(self.weight) // self.groups < _VECTOR
        return contiguous(x) if narrow and x.device.type == "cpu" else x


def _laid_out_as(x: Tensor, h: Tensor) -> Tensor:
    return h if x.is_contiguous() else channels_last(h)
