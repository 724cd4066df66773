"""ScoreNet, the given network of S4: eight linear layers with Softplus on (x, σ)."""

from itertools import pairwise

import torch
from torch import Tensor, nn

LAYERS = 8
_LAST_GAIN = 0.1


class ScoreNet(nn.Module):
    """s(x, σ) = MLP([x, σ]) / σ with 8 linear layers and Softplus between them.

    Divided by σ, the output has the scale of the true score, −E[ε|x]/σ, and the layers learn a number of order 1.
    [Song & Ermon 2020, Technique 3]

    Weights begin as N(0, 4/fan_in) and biases at 0: Softplus has slope ½ at 0, so that a factor of 2 keeps the size of
    what passes through the eight layers. With torch's own initial weights, which are meant for a slope of 1 or √½, it
    falls by a factor of 3 to 4 at each of them, and the loss above the optimum stays about twice as large for the same
    training. The last layer begins small, so that the first score is near 0 and the first loss near 1.

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
        for layer in layers[::2]:
            assert isinstance(layer, nn.Linear)
            gain = _LAST_GAIN if layer is layers[-1] else 2.0
            nn.init.normal_(layer.weight, std=gain / layer.in_features**0.5)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, sigma: Tensor, labels: Tensor | None = None) -> Tensor:
        """The score at x, (B, dim), for noise levels sigma of shape (B,) or (1,); it knows no classes."""
        level = sigma[:, None].expand(len(x), 1)
        score: Tensor = self.layers(torch.cat((x, level), dim=1)) / level
        return score
