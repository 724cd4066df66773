"""Auto-correlation in place of attention: values shifted by the lags at which queries and keys correlate most.

r(τ) = mean over heads and channels of Σ_t q_{t+τ} k_t, all lags τ at once by the fast Fourier transform;
out_t = Σ_i w_i v_{(t + τ_i) mod L} for the ⌊c·ln L⌋ lags τ_i of the largest r, w = softmax r(τ_i).
[Wu et al. 2021, Eq. 5–6 and its code's `time_delay_agg_training`]

It looks round the ends, so it shows the future: there is no causal form. As published, training takes the lags of the
largest mean of r over the batch, so that what comes out for a sample depends on the others; a mask is ignored. The kind
without "published" takes each sample's own lags in training too, as the published code does in evaluation.
"""

from math import log

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.forecasting.attention.options import Setting


def autocorrelation(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """(B, H, Lq, d), (B, H, Lk, d), (B, H, Lk, e) → (B, H, Lq, e), each sample by itself."""
    return _shifted(*_lags(q, k, setting, together=False), v, q.shape[2])


def weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, Lq, Lk), the same for all heads: W_{t, (t + τ_i) mod L} = w_i."""
    return _matrix(*_lags(q, k, setting, together=False), q, k)


def published(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """The same with one choice of lags for the batch in training."""
    return _shifted(*_lags(q, k, setting, together=setting.options.training), v, q.shape[2])


def published_weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, Lq, Lk) of `published`."""
    return _matrix(*_lags(q, k, setting, together=setting.options.training), q, k)


def _lags(q: Tensor, k: Tensor, setting: Setting, together: bool) -> tuple[Tensor, Tensor]:
    """The lags (B, c·ln L) and their weights (B, c·ln L)."""
    length = q.shape[2]
    with torch.autocast(q.device.type, enabled=False):
        kind = torch.promote_types(q.dtype, torch.float32)
        spectrum = torch.fft.rfft(q.to(kind), dim=2) * torch.fft.rfft(_fit(k, length).to(kind), dim=2).conj()
        r = torch.fft.irfft(spectrum, n=length, dim=2).mean((1, 3))
    count = max(1, min(int(setting.options.factor * log(length)), length))
    choice = r.mean(0, keepdim=True).expand_as(r) if together else r
    lags = choice.topk(count, dim=1).indices
    return lags, r.gather(1, lags).softmax(1).to(q.dtype)


def _fit(x: Tensor, length: int) -> Tensor:
    """The first `length` steps, with zeros behind the end where there are fewer, as published."""
    return F.pad(x, (0, 0, 0, length - x.shape[2]))


def _shifted(lags: Tensor, found: Tensor, v: Tensor, length: int) -> Tensor:
    values = _fit(v, length)
    steps = torch.arange(length, device=v.device)
    sample = torch.arange(len(v), device=v.device)[:, None]
    total = torch.zeros_like(values)
    for lag, weight in zip(lags.unbind(1), found.unbind(1), strict=True):
        at = (steps + lag[:, None]) % length
        total = total + weight[:, None, None, None] * values.transpose(1, 2)[sample, at].transpose(1, 2)
    return total


def _matrix(lags: Tensor, found: Tensor, q: Tensor, k: Tensor) -> Tensor:
    length, keys = q.shape[2], k.shape[2]
    steps = torch.arange(length, device=q.device)
    at = (steps[:, None] + lags[:, None, :]) % length
    whole = torch.zeros(len(q), length, length, dtype=q.dtype, device=q.device)
    whole = whole.scatter(2, at, found[:, None].expand(-1, length, -1))
    return F.pad(whole, (0, keys - length))[:, None].expand(-1, q.shape[1], -1, -1)
