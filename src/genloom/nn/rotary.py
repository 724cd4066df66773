"""Rotary positions: queries and keys are turned by angles that grow with their place."""

import torch
from torch import Tensor

from genloom.errors import InputError

_BASE = 10000.0


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    """Each pair (x_j, x_{j + d/2}) turned by the angle p · 10000^{−2j/d}, j < d/2: (B, H, L, d) → the same.

    The product of a turned query and a turned key depends on their places through the difference alone. The pairs are
    those of GPT-NeoX, the first half of the channels with the second; the paper pairs neighbours, which is the same up
    to the order of channels. Angles are float32 (float64 for float64), whatever the precision of x.

    positions   (L,) the places p

    Errors: `InputError` for an odd number of channels. [Su et al. 2021, Eq. 34]
    """
    half = even(x.shape[3]) // 2
    precise = torch.float64 if x.dtype == torch.float64 else torch.float32
    rates = _BASE ** -(torch.arange(half, device=x.device, dtype=precise) / half)
    angles = positions.to(x.device, precise)[:, None] * rates
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=3)


def even(channels: int) -> int:
    """`channels`, if they can be paired.

    Errors: `InputError` if not.
    """
    if channels < 2 or channels % 2:
        raise InputError("network.heads", channels, "such that each head has an even number of channels",
                         "rotary positions turn pairs: pass another --network.heads, or --network.positions learned")
    return channels
