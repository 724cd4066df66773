"""FAVOR+: softmax attention by positive random features, O(L m d). [Choromanski et al. 2021]

exp(q·k / √d) = E_w[exp(w·q' − |q'|²/2) exp(w·k' − |k'|²/2)] with x' = x / d^¼ and w ~ N(0, I)   [Lemma 1]
The rows w of one block of d are orthogonal, with lengths drawn as those of normal vectors.      [section 2.4]

The error falls as 1/√m. It starts high where logits are large: for one feature Var / mean² = exp(|q' + k'|²) − 1, so
that the number of features that is needed grows exponentially with the squared length of queries and keys.
"""

from functools import lru_cache
from math import ceil, log

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.forecasting.attention import kernel
from genloom.forecasting.attention.options import Setting
from genloom.rng import generator


def performer(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """(B, H, Lq, d), (B, H, Lk, d), (B, H, Lk, e) → (B, H, Lq, e); in float32 at least, whatever the input's."""
    with torch.autocast(q.device.type, enabled=False):
        b, a = log_features(q, k, setting)
        mixed = (kernel.causal_mix if setting.causal else kernel.mix)(b, a, v.to(a.dtype))
    return mixed.to(v.dtype)


def weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, Lq, Lk) that approximates softmax(q kᵀ / √d)."""
    with torch.autocast(q.device.type, enabled=False):
        b, a = log_features(q, k, setting)
        return (kernel.causal_matrix if setting.causal else kernel.matrix)(b, a).to(q.dtype)


def log_features(q: Tensor, k: Tensor, setting: Setting) -> tuple[Tensor, Tensor]:
    """w·q' of queries, (B, H, Lq, m), and w·k' − |k'|²/2 of keys, (B, H, Lk, m).

    What all features of a query share, |q'|²/2 and the factor 1/√m, is left out: it is in every sum of its row.
    """
    kind, size = torch.promote_types(q.dtype, torch.float32), q.shape[3]
    q, k = q.to(kind) * size**-0.25, k.to(kind) * size**-0.25
    w = directions(count_of(size, setting), size, setting.options.seed, kind, str(q.device))
    return F.linear(q, w), F.linear(k, w) - k.square().sum(3, keepdim=True) / 2


def count_of(size: int, setting: Setting) -> int:
    """The number of features m: as asked for, or d·ln d rounded up, as in the paper's Theorem 4."""
    return setting.options.features or max(1, ceil(size * log(size)))


@lru_cache(maxsize=64)
def directions(count: int, size: int, seed: int, dtype: torch.dtype = torch.float64, device: str = "cpu") -> Tensor:
    """The rows w, (m, d): orthogonal in each block of d, each distributed as N(0, I)."""
    with torch.inference_mode(False):  # what is kept must serve a training, even if an evaluation asked first
        draws = generator(seed, count, size)
        squares = torch.randn(-(-count // size), size, size, generator=draws, dtype=torch.float64)
        orthogonal, upper = torch.linalg.qr(squares)
        # with the signs of R's diagonal the matrices are uniform over all rotations and reflections
        rows: Tensor = (orthogonal * upper.diagonal(dim1=1, dim2=2).sign()[:, None]).flatten(0, 1)[:count]
        lengths = torch.randn(count, size, generator=draws, dtype=torch.float64).norm(dim=1, keepdim=True)
        return torch.mul(rows, lengths).to(dtype=dtype, device=device)
