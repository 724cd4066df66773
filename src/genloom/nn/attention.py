"""Attention over tokens (B, L, D) and over pictures (B, C, H, W)."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.conditioning import Context
from genloom.nn.norm import GroupNorm, start_at_zero


def heads_of(width: int, heads: int) -> int:
    """`heads`, if it divides the width.

    Errors: `InputError` if not.
    """
    if heads < 1 or width % heads:
        raise InputError("network.heads", heads, f"a divisor of the {width} channels that attend",
                         "choose another width or number of heads")
    return heads


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int, seen: Tensor | None = None) -> Tensor:
    """softmax(q kᵀ / √d) v in each head of d = D / heads channels: (B, L, D), (B, M, D), (B, M, D) → (B, L, D).

    seen   (B, M) bool, the keys that a sample may look at; None is all
    [Vaswani et al. 2017, Eq. 1]
    """
    q, k, v = (t.reshape(*t.shape[:2], heads, -1).transpose(1, 2) for t in (query, key, value))
    mask = None if seen is None else seen[:, None, None, :]
    if _written_out_is_faster(q, k):
        mixed = _written_out(q, k, v, mask)
    else:
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return mixed.transpose(1, 2).flatten(2)


_FEW = 256


def _written_out_is_faster(query: Tensor, key: Tensor) -> bool:
    """Few tokens, in bfloat16, in training, on a CPU: there the backward pass of torch 2.13's fused attention takes
    5 times as long for 64 tokens, and as long as the forward and backward pass of a whole small network."""
    if query.device.type != "cpu" or not torch.is_grad_enabled() or key.shape[2] > _FEW:
        return False
    return query.dtype == torch.bfloat16 or torch.is_autocast_enabled("cpu")


def _written_out(query: Tensor, key: Tensor, value: Tensor, seen: Tensor | None) -> Tensor:
    scores = (query * query.shape[3] ** -0.5) @ key.transpose(2, 3)
    if seen is not None:
        scores = scores.masked_fill(~seen, -torch.inf)
    weights: Tensor = scores.softmax(3)
    return weights @ value


class SelfAttention(nn.Module):
    """Self-attention of tokens, (B, L, width) → (B, L, width); `qkv` holds the queries' rows, the keys', the values'.

    Errors: `InputError` for heads that do not divide the width.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads_of(width, heads)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, seen: Tensor | None = None) -> Tensor:
        """The mixed tokens; where `seen` (B, L) bool is given, nobody looks at those that it hides."""
        query, key, value = self.qkv(tokens).chunk(3, dim=2)
        return cast(Tensor, self.out(attend(query, key, value, self.heads, seen)))


class CrossAttention(nn.Module):
    """Tokens (B, L, width) look at a context of tokens of `context` channels → (B, L, width).

    Errors: `InputError` for heads that do not divide the width.
    """

    def __init__(self, width: int, context: int, heads: int) -> None:
        super().__init__()
        self.heads = heads_of(width, heads)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(context, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, context: Context) -> Tensor:
        """What the tokens take from the context; a context with one row of `seen` is the same for all samples."""
        batch = len(tokens)
        key, value = self.key_value(context.tokens).expand(batch, -1, -1).chunk(2, dim=2)
        seen = context.seen.expand(batch, -1)
        return cast(Tensor, self.out(attend(self.query(tokens), key, value, self.heads, seen)))


class PictureAttention(nn.Module):
    """Each place of a picture attends to all of them: x + attention(norm(x)), (B, C, H, W) → (B, C, H, W).

    The last layer starts at 0, so that the block starts as the identity. [Ho et al. 2020, appendix B]

    norm   False leaves the normalisation out, as diffusers does in the middle of scale-shift networks
    """

    def __init__(self, channels: int, heads: int, *, groups: int = 8, epsilon: float = 1e-5,
                 norm: bool = True) -> None:
        super().__init__()
        self.norm = GroupNorm(channels, groups, epsilon) if norm else None
        self.attention = SelfAttention(channels, heads)
        start_at_zero(self.attention.out)

    def forward(self, x: Tensor) -> Tensor:
        """The picture and what its places found."""
        h = x if self.norm is None else self.norm(x)
        return x + to_picture(self.attention(to_tokens(h)), x)


class PictureCrossAttention(nn.Module):
    """Each place of a picture looks at a context: x + attention(norm(x), context), (B, C, H, W) → (B, C, H, W)."""

    def __init__(self, channels: int, context: int, heads: int, *, groups: int = 8, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.norm = GroupNorm(channels, groups, epsilon)
        self.attention = CrossAttention(channels, context, heads)
        start_at_zero(self.attention.out)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """The picture and what its places took from the context."""
        return x + to_picture(self.attention(to_tokens(self.norm(x)), context), x)


def to_tokens(x: Tensor) -> Tensor:
    """(B, C, H, W) → (B, H·W, C); a view of channels-last pictures."""
    return x.flatten(2).transpose(1, 2)


def to_picture(tokens: Tensor, like: Tensor) -> Tensor:
    """(B, H·W, C) → (B, C, H, W) of a picture's height and width."""
    return tokens.transpose(1, 2).reshape(like.shape)
