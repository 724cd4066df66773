"""Attention of a generator's and a discriminator's places to one another."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Each place of a picture takes what it looks for from all of them: (B, C, H, W) → (B, C, H, W), H and W even.

        y_i = x_i + γ W_o Σ_j w_ij v_j,   w_i = softmax_j(q_i · k_j),   q = W_q x, k = pool(W_k x), v = pool(W_v x)

    q and k have C/8 channels and v has C/2; `pool` takes the largest of each 2 × 2 places, as the authors' programs do,
    so that a quarter of the places is looked at. γ starts at 0, so that the layer starts as the identity.
    [Zhang et al. 2019, Eq. 1 to 4]

    wrap   spectral normalisation, or nothing
    """

    def __init__(self, channels: int, wrap: Callable[[nn.Module], nn.Module]) -> None:
        super().__init__()
        narrow, half = max(1, channels // 8), max(1, channels // 2)
        self.query, self.key, self.value, self.out = (
            wrap(_linear(before, after))
            for before, after in ((channels, narrow), (channels, narrow), (channels, half), (half, channels)))
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The picture and what its places found; labels have no use here."""
        query, key, value = self.query(x), F.max_pool2d(self.key(x), 2), F.max_pool2d(self.value(x), 2)
        # Written out, because penalties on a discriminator's slope differentiate it twice
        weights = (query.flatten(2).transpose(1, 2) @ key.flatten(2)).softmax(2)
        found = value.flatten(2) @ weights.transpose(1, 2)
        taken: Tensor = self.out(found.unflatten(2, x.shape[2:]))
        return x + self.gamma.to(taken.dtype) * taken


def _linear(channels: int, out: int) -> nn.Conv2d:
    """A matrix at each place."""
    layer = nn.Conv2d(channels, out, 1, bias=False)
    nn.init.xavier_uniform_(layer.weight)
    return layer
