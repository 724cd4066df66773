"""ScoreNet, the given network of S4: eight linear layers with Softplus on (x, σ)."""

from itertools import pairwise

import torch
from torch import Tensor, nn

LAYERS = 8


class ScoreNet(nn.Module):
    """s(x, σ) = MLP([x, σ]) / σ with 8 linear layers and Softplus between them.

    Divided by σ, the output has the scale of the true score, −E[ε|x]/σ, and the layers learn a number of order 1.
    [Song & Ermon 2020, Technique 3]

    dim     coordinates of a point
    width   units of each hidden layer
    """

    def __init__(self, *, dim: int = 2, width: int = 128) -> None:
        super().__init__()
        sizes = [dim + 1] + [width] * (LAYERS - 1) + [dim]
        layers: list[nn.Module] = []
        for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            layers += [nn.Linear(fan_in, fan_out)] + ([nn.Softplus()] if i < LAYERS - 1 else [])
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor, sigma: Tensor, labels: Tensor | None = None) -> Tensor:
        """The score at x, (B, dim), for noise levels sigma of shape (B,) or (1,); it knows no classes."""
        level = sigma[:, None].expand(len(x), 1)
        score: Tensor = self.layers(torch.cat((x, level), dim=1)) / level
        return score
