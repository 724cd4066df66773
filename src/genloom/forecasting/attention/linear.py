"""Linear attention, A_ij ∝ φ(q_i)·φ(k_j) with φ(x) = elu(x) + 1, without a scale: O(L d²).

[Katharopoulos et al. 2020, Eq. 7]
"""

import torch
from torch import Tensor

from genloom.forecasting.attention import kernel
from genloom.forecasting.attention.options import Setting


def linear(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """(B, H, Lq, d), (B, H, Lk, d), (B, H, Lk, e) → (B, H, Lq, e); in float32 at least, whatever the input's."""
    b, a = log_features(q), log_features(k)
    with torch.autocast(q.device.type, enabled=False):
        mixed = (kernel.causal_mix if setting.causal else kernel.mix)(b, a, v.to(a.dtype))
    return mixed.to(v.dtype)


def weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, Lq, Lk)."""
    with torch.autocast(q.device.type, enabled=False):
        return (kernel.causal_matrix if setting.causal else kernel.matrix)(log_features(q), log_features(k)).to(q.dtype)


def log_features(x: Tensor) -> Tensor:
    """log(elu(x) + 1): x below 0, log(1 + x) above."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    return x.clamp(max=0) + x.clamp(min=0).log1p()
