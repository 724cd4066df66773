"""How a network is told a number: the time, or the noise level."""

import math

import torch
from torch import Tensor, nn


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
