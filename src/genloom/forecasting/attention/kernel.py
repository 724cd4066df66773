"""Attention whose weights are a product of positive features, A_ij ∝ φ(q_i)·φ(k_j), from the features' logarithms.

With log φ(q_i) = b_i and log φ(k_j) = a_j, (…, m) each, and sums over the keys that query i may look at,
    A_ij = Σ_f exp(b_if + a_jf) / Σ_f Σ_j exp(b_if + a_jf)
         = Σ_f u_if exp(a_jf − S_if),   S_if = log Σ_j exp(a_jf),   u_i = softmax_f(b_i + S_i).
Every exponent is at most 0 and every sum is normalised by its own largest term, for each feature over the keys and for
each query over the features. So nothing overflows, no ε is needed that could swamp small features, and, where attention
is causal, S_i knows keys up to i alone: a maximum over the whole sequence would show the future by rounding.
"""

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

_CHUNK = 64
_LONG = 1024  # beyond it what happens inside a chunk is computed again for the gradient and not kept


def mix(b: Tensor, a: Tensor, v: Tensor) -> Tensor:
    """Σ_j A_ij v_j, where every query looks at every key: O(L m e).

    b  (B, H, Lq, m)    a  (B, H, Lk, m)    v  (B, H, Lk, e)  →  (B, H, Lq, e)
    """
    means = a.softmax(2).transpose(2, 3) @ v
    return (b + a.logsumexp(2, keepdim=True)).softmax(3) @ means


def matrix(b: Tensor, a: Tensor) -> Tensor:
    """A, (B, H, Lq, Lk)."""
    return (b + a.logsumexp(2, keepdim=True)).softmax(3) @ a.softmax(2).transpose(2, 3)


def causal_mix(b: Tensor, a: Tensor, v: Tensor) -> Tensor:
    """Σ_{j ≤ i} A_ij v_j: O(L m (e + c)) in chunks of c steps, with what came before them in one sum for each feature.

    Shapes as `mix`, with Lq = Lk.
    """
    length = a.shape[2]
    total = a.logcumsumexp(2)
    u = (b + total).softmax(3)
    u, v = (F.pad(x, (0, 0, 0, -length % _CHUNK)) for x in (u, v))
    # padded steps come after all others and change nothing; with the last step's numbers they do not overflow either
    a, total = (_prolonged(x, -length % _CHUNK) for x in (a, total))
    again = length > _LONG and torch.is_grad_enabled()
    before, sums, mixed = total[:, :, :1], torch.zeros_like(a[:, :, 0, :, None] * v[:, :, :1]), []
    for start in range(0, a.shape[2], _CHUNK):
        chunk = [x[:, :, start : start + _CHUNK] for x in (u, a, total, v)]
        parts = (*chunk, before, sums)
        out, sums = checkpoint(_chunk, parts, use_reentrant=False) if again else _chunk(parts)
        before = chunk[2][:, :, -1:]
        mixed.append(out)
    return torch.cat(mixed, dim=2)[:, :, :length]


def causal_matrix(b: Tensor, a: Tensor) -> Tensor:
    """A with zeros above the diagonal, (B, H, L, L)."""
    length = a.shape[2]
    one = torch.eye(length, dtype=a.dtype, device=a.device).expand(*a.shape[:2], length, length)
    return causal_mix(b, a, one)


def _prolonged(x: Tensor, count: int) -> Tensor:
    return torch.cat((x, x[:, :, -1:].expand(-1, -1, count, -1)), dim=2)


def _chunk(parts: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """One chunk's output, and the sums Σ_j exp(a_jf − S_f) v_j, (B, H, m, e), up to its end.

    parts   u, a, S and v of the chunk, S just before it, (B, H, 1, m), and the sums up to there
    """
    u, a, total, v, before, sums = parts
    out = _within(u, a, total, v) + (u * (before - total).exp()) @ sums
    end = total[:, :, -1:]
    kept = (before - end).exp().transpose(2, 3) * sums
    return out, kept + (a - end).exp().transpose(2, 3) @ v


def _within(u: Tensor, a: Tensor, total: Tensor, v: Tensor) -> Tensor:
    """What the steps of a chunk take from one another: the later half of 2, 4, 8, … steps from the earlier half.

    exp(a_j − S_i) = exp(a_j − R) exp(R − S_i) with R = S at the end of the earlier half: both exponents are at most 0.
    """
    out = (u * (a - total).exp()).sum(3, keepdim=True) * v
    half = 1
    while half < u.shape[2]:
        pairs = [x.reshape(*x.shape[:2], -1, 2, half, x.shape[3]) for x in (u, a, total, v)]
        late_u, early_a, late_total, early_v = (x[:, :, :, at] for x, at in zip(pairs, (1, 0, 1, 0), strict=True))
        meeting = pairs[2][:, :, :, 0, -1:]
        scores = (late_u * (meeting - late_total).exp()) @ (early_a - meeting).exp().transpose(3, 4)
        found = scores @ early_v
        out = out + torch.stack((torch.zeros_like(found), found), dim=3).flatten(2, 4)
        half *= 2
    return out
