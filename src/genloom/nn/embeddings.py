"""How a network is told a number: the time, or the noise level."""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError


class FourierFeatures(nn.Module):
    """cos and sin of a number at fixed frequencies: (B,) → (B, 2·count), [cos(π k t), sin(π k t)] for k = 1 … count.

    Half turns over [0, 1] keep t = 0 and t = 1 apart. Buffer and arithmetic are float32: in bfloat16 t = .999 is 1.
    [Tancik et al. 2020, Eq. 5, with a fixed grid of frequencies]
    """

    frequencies: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", math.pi * torch.arange(1, count + 1), persistent=False)

    def forward(self, t: Tensor) -> Tensor:
        """The features of t, shape (B,)."""
        angle = t[:, None] * self.frequencies.to(t.dtype)  # autocast leaves products of elements as they are
        return torch.cat((angle.cos(), angle.sin()), dim=1)


class Sinusoidal(nn.Module):
    """Sines and cosines of a number at falling frequencies: (B,) → (B, count), as Transformers are told positions.

        ω_k = 10000^{−k/(count/2 − frequency_shift)},  k = 0 … count/2 − 1;   [sin ω t, cos ω t], or cosines first

    The arithmetic is float32, or float64 for float64 times, whatever the precision around it: in bfloat16, 999 is 1000.
    DDPM's own network has sines first and a shift of 1; guided-diffusion cosines first and no shift.
    [Vaswani et al. 2017, section 3.5; Ho et al. 2020, appendix B]

    Errors: `InputError` for a count that is odd or too small.
    """

    def __init__(self, count: int, *, cosine_first: bool = True, frequency_shift: int = 0) -> None:
        super().__init__()
        if count % 2 or count // 2 <= frequency_shift:
            raise InputError("network.time_features", count, f"even and more than {2 * frequency_shift}",
                             "choose an even width")
        self.count, self.cosine_first, self.frequency_shift = count, cosine_first, frequency_shift

    def forward(self, t: Tensor) -> Tensor:
        """The features of t, shape (B,); integer times become float32."""
        exact = torch.float64 if t.dtype == torch.float64 else torch.float32
        half = self.count // 2
        steps = torch.arange(half, dtype=exact, device=t.device)
        frequencies = (steps * -math.log(10_000) / (half - self.frequency_shift)).exp()
        angle = t.to(exact)[:, None] * frequencies
        pair = (angle.cos(), angle.sin()) if self.cosine_first else (angle.sin(), angle.cos())
        return torch.cat(pair, dim=1)


class TimeEmbedding(nn.Module):
    """What a network is told of the time: (B,) → (B, width), W₂ SiLU(W₁ features(t) + b₁) + b₂.

    It computes in the parameters' precision under autocast too: it is small, and close times must stay apart.

    features   count of sinusoidal features
    width      size of the embedding
    """

    def __init__(self, features: int, width: int, *, cosine_first: bool = True, frequency_shift: int = 0) -> None:
        super().__init__()
        self.features = Sinusoidal(features, cosine_first=cosine_first, frequency_shift=frequency_shift)
        self.first = nn.Linear(features, width)
        self.second = nn.Linear(width, width)

    def forward(self, t: Tensor) -> Tensor:
        """The embedding of t, shape (B,)."""
        with torch.autocast(t.device.type, enabled=False):
            features = self.features(t).to(self.first.weight.dtype)
            return cast(Tensor, self.second(F.silu(self.first(features))))
