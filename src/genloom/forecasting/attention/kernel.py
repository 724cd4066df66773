"""Attention whose weights are a product of positive features, A_ij ∝ φ(q_i)·φ(k_j), from the features' logarithms.

With log φ(q_i) = b_i and log φ(k_j) = a_j, (…, m) each, and sums over the keys that query i may look at,
    A_ij = Σ_f exp(b_if + a_jf) / Σ_f Σ_j exp(b_if + a_jf)
         = Σ_f u_if exp(a_jf − M_if) / Σ_f Σ_j u_if exp(a_jf − M_if),   u_i = exp(b_i + M_i − max_f(b_i + M_i)).
M_if is the maximum of a_jf over those keys. So every exponent is at most 0, and the sum below the line contains a 1:
nothing overflows, no ε is needed that could swamp small features, and a causal M_i knows keys up to i alone, while one
maximum over the whole sequence would show the future by rounding. A depends on no maximum: they carry no gradient.
"""

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

_CHUNK = 128
_LARGE = 1 << 24  # beyond it, in log features, what happens inside a chunk is computed again for the gradient, not kept


def mix(b: Tensor, a: Tensor, v: Tensor) -> Tensor:
    """Σ_j A_ij v_j, where every query looks at every key: O(L m e).

    b  (B, H, Lq, m)    a  (B, H, Lk, m)    v  (B, H, Lk, e)  →  (B, H, Lq, e)
    """
    most = a.detach().amax(2, keepdim=True)
    sums = (a - most).exp().transpose(2, 3) @ _counted(v)
    return _shares(_queries(b, most) @ sums)


def matrix(b: Tensor, a: Tensor) -> Tensor:
    """A, (B, H, Lq, Lk)."""
    most = a.detach().amax(2, keepdim=True)
    products = _queries(b, most) @ (a - most).exp().transpose(2, 3)
    return products / products.sum(3, keepdim=True)


def causal_mix(b: Tensor, a: Tensor, v: Tensor) -> Tensor:
    """Σ_{j ≤ i} A_ij v_j: O(L m (e + c)) in chunks of c steps, with what came before them in one sum for each feature.

    Shapes as `mix`, with Lq = Lk.
    """
    length = a.shape[2]
    most = _running_max(a.detach())
    u, counted = (F.pad(x, (0, 0, 0, -length % _CHUNK)) for x in (_queries(b, most), _counted(v)))
    # padded steps come after all others and change nothing; with the last step's numbers they do not overflow either
    a, most = (_prolonged(x, -length % _CHUNK) for x in (a, most))
    again = a.numel() > _LARGE and torch.is_grad_enabled()
    before, sums, mixed = most[:, :, :1], torch.zeros_like(a[:, :, 0, :, None] * counted[:, :, :1]), []
    # split and unbind have one gradient for all parts; each slice's would be as large as the whole
    for chunk in zip(*(torch.split(x, _CHUNK, dim=2) for x in (u, a, most, counted)), strict=True):
        parts = (*chunk, before, sums)
        out, sums = checkpoint(_chunk, parts, use_reentrant=False) if again else _chunk(parts)
        before = chunk[2][:, :, -1:]
        mixed.append(out)
    return _shares(torch.cat(mixed, dim=2)[:, :, :length])


def causal_matrix(b: Tensor, a: Tensor) -> Tensor:
    """A with zeros above the diagonal, (B, H, L, L)."""
    length = a.shape[2]
    one = torch.eye(length, dtype=a.dtype, device=a.device).expand(*a.shape[:2], length, length)
    return causal_mix(b, a, one)


def _running_max(a: Tensor) -> Tensor:
    """The maxima up to each step; torch's own along any axis but the last takes five times as long on a CPU."""
    return a.transpose(2, 3).contiguous().cummax(3).values.transpose(2, 3).contiguous()


def _queries(b: Tensor, most: Tensor) -> Tensor:
    """u of the queries, at most 1."""
    return (b + most - (b.detach() + most).amax(3, keepdim=True)).exp()


def _counted(v: Tensor) -> Tensor:
    """The values with a column of ones, which becomes the sum of the weights."""
    return torch.cat((v, torch.ones_like(v[..., :1])), dim=3)


def _shares(whole: Tensor) -> Tensor:
    """Sums of weighted values over the sum of the weights, their last column."""
    return whole[..., :-1] / whole[..., -1:]


def _prolonged(x: Tensor, count: int) -> Tensor:
    return torch.cat((x, x[:, :, -1:].expand(-1, -1, count, -1)), dim=2)


def _chunk(parts: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """One chunk's output, and the sums Σ_j exp(a_jf − M_f) v_j, (B, H, m, e), up to its end.

    parts   u, a, M and v of the chunk, M just before it, (B, H, 1, m), and the sums up to there
    """
    u, a, most, v, before, sums = parts
    out = _within(u, a, most, v) + (u * (before - most).exp()) @ sums
    end = most[:, :, -1:]
    kept = (before - end).exp().transpose(2, 3) * sums
    return out, kept + (a - end).exp().transpose(2, 3) @ v


def _within(u: Tensor, a: Tensor, most: Tensor, v: Tensor) -> Tensor:
    """What the steps of a chunk take from one another: the later half of 2, 4, 8, … steps from the earlier half.

    exp(a_j − M_i) = exp(a_j − R) exp(R − M_i) with R = M at the end of the earlier half: both exponents are at most 0.
    """
    out = (u * (a - most).exp()).sum(3, keepdim=True) * v
    half = 1
    while half < u.shape[2]:
        pairs = [x.reshape(*x.shape[:2], -1, 2, half, x.shape[3]) for x in (u, a, most, v)]
        late_u, early_a, late_most, early_v = (x.unbind(3)[at] for x, at in zip(pairs, (1, 0, 1, 0), strict=True))
        meeting = pairs[2][:, :, :, 0, -1:]
        scores = (late_u * (meeting - late_most).exp()) @ (early_a - meeting).exp().transpose(3, 4)
        found = scores @ early_v
        out = out + torch.stack((torch.zeros_like(found), found), dim=3).flatten(2, 4)
        half *= 2
    return out
