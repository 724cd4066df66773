"""Two encoders that are trained to find, among many, what belongs together."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_SHARPEST = math.log(100)


class Contrastive(nn.Module):
    """Scores (N, M) of things on the left with things on the right, s_ij = τ · u(x_i) · v(y_j).

    unit    u and v are made unit vectors, and τ ≤ 100 is learned from 1/0.07 on [Radford et al. 2021, section 2.5 and
            Fig. 3]; otherwise τ = 1, and the product of two networks can be any score [van den Oord et al. 2018, Eq. 3]
    """

    def __init__(self, left: nn.Module, right: nn.Module, *, unit: bool = True) -> None:
        super().__init__()
        self.left, self.right = left, right
        self.log_scale = nn.Parameter(torch.tensor(-math.log(0.07))) if unit else None

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """The scores of all pairs, logits of "they belong together" but for a constant in each row."""
        scores = self.placed(self.left(x)) @ self.placed(self.right(y)).T
        return scores if self.log_scale is None else scores * self.log_scale.clamp(max=_SHARPEST).exp()

    def placed(self, vectors: Tensor) -> Tensor:
        """An encoder's vectors as they enter the product."""
        return vectors if self.log_scale is None else F.normalize(vectors, dim=-1)


def info_nce(scores: Tensor) -> Tensor:
    """InfoNCE in nats: the mean over i of −log softmax(s_i1, …, s_iN)_i, of scores (N, N) whose pairs are the diagonal.

    log N minus its mean is a lower bound of the mutual information. [van den Oord et al. 2018, Eq. 4 and appendix A]
    """
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def symmetric_info_nce(scores: Tensor) -> Tensor:
    """The mean of InfoNCE from the left to the right and back. [Radford et al. 2021, Fig. 3]"""
    return (info_nce(scores) + info_nce(scores.T)) / 2
