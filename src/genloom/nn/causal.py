"""Attention in which a token looks at itself and at those before it."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.nn.attention import heads_of
from genloom.nn.key_values import KeyValues
from genloom.nn.rotary import even, rotate


class Look(NamedTuple):
    """What one attention computed, all (B, H, L, L): row i is the token that looks, column j the one looked at.

    scores    q kᵀ / √d before anything is masked
    masked    the scores, −∞ where the token may not look
    weights   softmax of the masked scores: each row sums to 1; nothing is dropped out
    """

    scores: Tensor
    masked: Tensor
    weights: Tensor


class CausalAttention(nn.Module):
    """softmax(q kᵀ / √d + mask) v, (B, L, width) → (B, L, width); token i sees the tokens j ≤ i.

    `qkv` holds the queries' rows, the keys', the values'. [Vaswani et al. 2017, Eq. 1; Radford et al. 2019]

    heads     a divisor of the width
    dropout   share of the weights that is hidden in training
    bias      whether the layers add a vector
    rotary    whether queries and keys are turned by their places, see `rotate`

    Errors: `InputError` for heads that do not divide the width, or that `rotate` cannot pair.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0, bias: bool = True, rotary: bool = False) -> None:
        super().__init__()
        self.heads, self.dropout, self.rotary = heads_of(width, heads), dropout, rotary
        if rotary:
            even(width // heads)
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.out = nn.Linear(width, width, bias=bias)

    def forward(self, x: Tensor, *, past: KeyValues | None = None, block: int = 0,
                seen: Tensor | None = None) -> Tensor:
        """The mixed tokens.

        past    what stands before x, as `block` of it; x is appended to it and it is not advanced
        seen    (B, length + L) bool, the tokens that others may look at; None is all
        """
        batch, length, width = x.shape
        query, key, value = self._query_key_value(x, 0 if past is None else past.length)
        if past is not None:
            key, value = past.append(block, key, value)
        mixed = attend(query, key, value, self.dropout if self.training else 0.0, seen)
        return cast(Tensor, self.out(mixed.transpose(1, 2).reshape(batch, length, width)))

    def look(self, x: Tensor, seen: Tensor | None = None) -> tuple[Tensor, Look]:
        """The mixed tokens and what was computed on the way, as in evaluation: nothing is dropped out."""
        query, key, value = self._query_key_value(x, 0)
        scores = (query @ key.transpose(2, 3)) * query.shape[3] ** -0.5
        masked = scores.masked_fill(~may_look(x.shape[1], x.shape[1], x.device, seen), -torch.inf)
        weights = masked.softmax(3)
        mixed = (weights.to(value.dtype) @ value).transpose(1, 2).flatten(2)
        return self.out(mixed), Look(scores, masked, weights)

    def _query_key_value(self, x: Tensor, start: int) -> tuple[Tensor, Tensor, Tensor]:
        """(B, H, L, d) each, of tokens whose first stands at the place `start`."""
        batch, length, width = x.shape
        split = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind()
        if self.rotary:
            positions = torch.arange(start, start + length, device=x.device)
            query, key = rotate(split[:2].flatten(0, 1), positions).chunk(2)
        return query, key, value


def may_look(new: int, total: int, device: torch.device, seen: Tensor | None = None) -> Tensor:
    """Which of `total` tokens the last `new` of them may look at: (new, total) bool, or (B, 1, new, total) with `seen`.

    A token sees itself even where `seen` (B, total) hides it from the others, so that no row is empty.
    """
    causal = torch.ones(new, total, dtype=torch.bool, device=device).tril(total - new)
    if seen is None:
        return causal
    itself = torch.eye(new, total, dtype=torch.bool, device=device).roll(total - new, 1)
    return (causal & seen[:, None, None, :]) | itself


def attend(query: Tensor, key: Tensor, value: Tensor, dropout: float = 0.0, seen: Tensor | None = None) -> Tensor:
    """softmax(q kᵀ / √d + mask) v: (B, H, L, d), and (B, H, M, d) twice of which the queries' are the last L →
    (B, H, L, d), each token seeing those before it, or of these the ones that `seen` (B, M) names."""
    new, total = query.shape[2], key.shape[2]
    if seen is None and new == total and _written_out_is_faster(query):
        return _written_out(query, key, value, dropout)
    if key.dtype != query.dtype:  # those that are held may be in another precision
        key, value = key.to(query.dtype), value.to(query.dtype)
    if seen is None and new in (1, total):  # one new token sees all
        return F.scaled_dot_product_attention(query, key, value, dropout_p=dropout, is_causal=new > 1)
    mask = may_look(new, total, query.device, seen)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)


_FEW = 256


def _written_out_is_faster(query: Tensor) -> bool:
    """Few tokens, in bfloat16, in training, on a CPU: there the forward and backward pass of torch 2.13's fused
    attention take 7 times as long for 64 tokens and 1.3 times as long for 256."""
    return query.device.type == "cpu" and query.dtype == torch.bfloat16 and query.shape[2] <= _FEW \
        and torch.is_grad_enabled()


def _written_out(query: Tensor, key: Tensor, value: Tensor, dropout: float) -> Tensor:
    """Attention whose scores are products of matrices that the mask, −∞ above the diagonal, is added to."""
    length, scale = query.shape[2], query.shape[3] ** -0.5
    mask = torch.full((length, length), -torch.inf, dtype=query.dtype, device=query.device).triu(1)
    scores = torch.baddbmm(mask, query.flatten(0, 1), key.flatten(0, 1).transpose(1, 2), alpha=scale)
    weights = F.dropout(scores.softmax(2), dropout)
    return torch.bmm(weights, value.flatten(0, 1)).view(query.shape)
