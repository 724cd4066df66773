"""Attention to every key: softmax(q kᵀ / √d) v, by torch's fused kernel or with its matrix written out.

[Vaswani et al. 2017, Eq. 1]
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.forecasting.attention.options import Setting


def fused(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """(B, H, Lq, d), (B, H, Lk, d), (B, H, Lk, e) → (B, H, Lq, e): O(L²) time, O(L) memory, as no matrix is written."""
    square = q.shape[2] == k.shape[2]
    if setting.causal and square and setting.mask is None:
        return F.scaled_dot_product_attention(q, k, v, dropout_p=setting.dropout, is_causal=True)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed(q, k, setting), dropout_p=setting.dropout)


def materialised(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """The same with the matrix written out, O(L²) memory, as most published code of forecasting has it."""
    return F.dropout(weights(q, k, setting), setting.dropout) @ v


def weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """softmax(q kᵀ / √d) in each row, (B, H, Lq, Lk); a row without any key is 0, as the fused kernel has it."""
    scores = (q * q.shape[3] ** -0.5) @ k.transpose(2, 3)
    seen = allowed(q, k, setting)
    return F.softmax(scores, dim=3) if seen is None else masked_softmax(scores, seen)


def allowed(q: Tensor, k: Tensor, setting: Setting) -> Tensor | None:
    """The mask and the causal one together, True where a query may look; None hides nothing."""
    if not setting.causal:
        return setting.mask
    earlier = causal_mask(q.shape[2], k.shape[2], q.device)
    return earlier if setting.mask is None else earlier & setting.mask


def causal_mask(queries: int, keys: int, device: torch.device | str = "cpu") -> Tensor:
    """j ≤ i + keys − queries, bool (queries, keys): the queries are the last ones of the keys.

    >>> causal_mask(2, 3).int().tolist()
    [[1, 1, 0], [1, 1, 1]]
    """
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


def masked_softmax(scores: Tensor, seen: Tensor) -> Tensor:
    """Softmax of the last dimension over what is seen; 0 in rows that see nothing."""
    found = scores.masked_fill(~seen, -torch.inf)
    blind = ~seen.any(-1, keepdim=True)
    return found.masked_fill(blind, 0.0).softmax(-1).masked_fill(blind, 0.0)
