"""A small fully connected denoiser for points, with optional classes."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.embeddings import FourierFeatures


class MLP(nn.Module):
    """`depth` linear layers with LeakyReLU φ between them; the first one mixes the point, the time and the class.

        h_1 = φ(W [x, τ(t), e_y] + b),   h_{i+1} = φ(W_i h_i + b_i),   output = W_o h_{depth−1} + b_o

    τ(t) are Fourier features; e_y is one of `classes` + 1 vectors, and the last one, index `classes`, is "no class".

    dim          coordinates of a point
    width        units of each hidden layer
    depth        linear layers, at least 2
    frequencies  pairs of time features; 0 gives the bare number
    classes      number of classes, 0 for none
    embedding    size of a class vector

    Errors: `InputError` for fewer than 2 layers.
    """

    def __init__(self, *, dim: int = 2, width: int = 128, depth: int = 3, frequencies: int = 8, classes: int = 0,
                 embedding: int = 16) -> None:
        super().__init__()
        if depth < 2:
            raise InputError("network.depth", depth, "at least 2 linear layers", "pass --network.depth 3")
        self.dim, self.classes = dim, classes
        self.features = FourierFeatures(frequencies) if frequencies else None
        self.label = nn.Embedding(classes + 1, embedding) if classes else None
        self.mix = nn.Linear(dim + (2 * frequencies or 1) + (embedding if classes else 0), width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 2))
        self.output = nn.Linear(width, dim)

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """The output, of x's shape (B, dim), for times t of shape (B,) or (1,) and labels (B,), (1,) or None."""
        h = F.leaky_relu_(self._mixed(x, self._told(t, labels)))  # in place: at this size memory is the cost
        for layer in self.hidden:
            h = F.leaky_relu_(layer(h))
        return cast(Tensor, self.output(h))

    def _told(self, t: Tensor, labels: Tensor | None) -> list[Tensor]:
        told = [t[:, None] if self.features is None else self.features(t)]
        if self.label is not None:
            known = torch.full((1,), self.classes, device=t.device) if labels is None else labels
            told.append(self.label(known))
        return told

    def _mixed(self, x: Tensor, told: list[Tensor]) -> Tensor:
        """W [x, told] + b; what all samples share is multiplied once and becomes part of the bias."""
        if all(len(part) == 1 for part in told):
            on_x, on_told = self.mix.weight[:, : self.dim], self.mix.weight[:, self.dim :]
            return F.linear(x, on_x, F.linear(torch.cat(told, dim=1), on_told, self.mix.bias)[0])
        return cast(Tensor, self.mix(torch.cat([x, *(part.expand(len(x), -1) for part in told)], dim=1)))
