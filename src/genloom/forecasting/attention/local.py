"""Attention to neighbours: query i looks at keys with |i − j| ≤ w, or 0 ≤ i − j ≤ w where it is causal.

In blocks of w steps, each with the block before and, where it is not causal, the one behind: O(L·w) time and memory.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.forecasting.attention import full
from genloom.forecasting.attention.options import Setting


def local(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """(B, H, L, d), (B, H, L, d), (B, H, L, e) → (B, H, L, e)."""
    batch, heads, length, _ = q.shape
    window = width_of(length, setting)
    q, k, v = (in_blocks(x, window) for x in (q, k, v))
    count = q.shape[2]
    seen = near(count, window, window, length, setting.causal, q.device)
    near_k, near_v = around(k, setting.causal), around(v, setting.causal)
    mixed = F.scaled_dot_product_attention(q.flatten(0, 1), near_k.flatten(0, 1), near_v.flatten(0, 1),
                                           attn_mask=seen, dropout_p=setting.dropout)
    return mixed.reshape(batch, heads, count * window, -1)[:, :, :length]


def weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, L, L): full attention under the mask of `pattern`."""
    length = q.shape[2]
    seen = pattern(length, width_of(length, setting), setting.causal, q.device)
    return full.weights(q, k, Setting(mask=seen))


def pattern(length: int, window: int, causal: bool, device: torch.device | str = "cpu") -> Tensor:
    """Which keys a query looks at, bool (L, L).

    >>> pattern(4, 1, causal=True).int().tolist()
    [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    """
    ahead = distance(length, device)
    return (ahead.abs() <= window) & (ahead <= 0 if causal else True)


def distance(length: int, device: torch.device | str = "cpu") -> Tensor:
    """j − i for query i and key j, (L, L): above 0 is the future."""
    steps = torch.arange(length, device=device)
    return steps[None, :] - steps[:, None]


def width_of(length: int, setting: Setting) -> int:
    """The window w of a length: as asked for, at most L; √L rounded where it is 0."""
    return min(setting.options.window or max(1, round(length**0.5)), length)


def in_blocks(x: Tensor, size: int) -> Tensor:
    """(B, H, L, d) → (B, H, ⌈L / size⌉, size, d) with zeros behind the end."""
    return split(F.pad(x, (0, 0, 0, -x.shape[2] % size)), size)


def split(x: Tensor, size: int) -> Tensor:
    """(B, H, n·size, d) → (B, H, n, size, d)."""
    return x.reshape(*x.shape[:2], -1, size, x.shape[3])


def around(blocks: Tensor, causal: bool) -> Tensor:
    """Each block (B, H, n, b, d) behind the one before it and before the one behind it: (B, H, n, 2b or 3b, d)."""
    before = F.pad(blocks, (0, 0, 0, 0, 1, -1))
    parts = (before, blocks) if causal else (before, blocks, F.pad(blocks, (0, 0, 0, 0, -1, 1)))
    return torch.cat(parts, dim=3)


def near(count: int, size: int, window: int, length: int, causal: bool, device: torch.device) -> Tensor:
    """Which of the keys that `around` brings a query of a block may look at, bool (n, b, 2b or 3b).

    Queries behind the end look at all: they are cut off, and a softmax over nothing is not a number.
    """
    query = torch.arange(count * size, device=device).view(count, size, 1)
    offset = torch.arange((2 if causal else 3) * size, device=device) - size
    key = torch.arange(count, device=device)[:, None, None] * size + offset
    ahead = key - query
    inside = (key >= 0) & (key < length)
    return inside & (ahead.abs() <= window) & (ahead <= 0 if causal else True) | (query >= length)
