"""Attention at distances 0, 1, 2, 4, 8, …: O(L log L) time and memory. [Li et al. 2019, section 4.2, Eq. 5]"""

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.forecasting.attention import full
from genloom.forecasting.attention.local import distance
from genloom.forecasting.attention.options import Setting


def logsparse(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """(B, H, L, d), (B, H, L, d), (B, H, L, e) → (B, H, L, e); each distance is a shifted view of keys and values."""
    length = q.shape[2]
    back = distances(length, setting.causal)
    keys, values = (F.pad(x, (0, 0, length, 0 if setting.causal else length)) for x in (k, v))
    scaled = q * q.shape[3] ** -0.5
    scores = torch.stack([(scaled * _shifted(keys, d, length)).sum(3) for d in back], dim=3)
    source = torch.arange(length, device=q.device)[:, None] - torch.tensor(back, device=q.device)
    found = scores.masked_fill((source < 0) | (source >= length), -torch.inf).softmax(3)
    found = F.dropout(found, setting.dropout)
    mixed = found[..., :1] * v
    for n, d in enumerate(back[1:], start=1):
        mixed = mixed + found[..., n : n + 1] * _shifted(values, d, length)
    return mixed


def weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, L, L): full attention under the mask of `pattern`."""
    return full.weights(q, k, Setting(mask=pattern(q.shape[2], setting.causal, q.device)))


def pattern(length: int, causal: bool, device: torch.device | str = "cpu") -> Tensor:
    """Which keys a query looks at, bool (L, L).

    >>> pattern(5, causal=True)[4].int().tolist()
    [1, 0, 1, 1, 1]
    """
    back = torch.tensor(distances(length, causal), device=device)
    return torch.isin(-distance(length, device), back)


def distances(length: int, causal: bool) -> list[int]:
    """How far back a query looks, itself first; the future is below 0.

    >>> distances(6, causal=False)
    [0, 1, 2, 4, -1, -2, -4]
    """
    powers = [1 << n for n in range((length - 1).bit_length())]
    return [0, *powers] if causal else [0, *powers, *(-power for power in powers)]


def _shifted(padded: Tensor, back: int, length: int) -> Tensor:
    """What stood `back` steps before each step, where `length` zeros stand before the start."""
    return padded[:, :, length - back : 2 * length - back]
