"""A small fully connected denoiser for points, with optional classes."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.embeddings import FourierFeatures


class MLP(nn.Module):
    """`depth` linear layers with LeakyReLU between them; the first one sees the point, the time and the class.

        h_1 = φ(W_x x + W_t τ(t) + W_y e_y + b),   h_{i+1} = φ(W_i h_i + b_i),   output = W h_{depth−1} + b

    W_x, W_t and W_y are the blocks of one layer applied to [x, τ(t), e_y], kept apart so that a time that all samples share
    costs one row. e_y is an embedding of `classes` + 1 vectors: the last one, index `classes`, means "no class".

    dim          coordinates of a point
    width        units of each hidden layer
    depth        linear layers, at least 2
    frequencies  pairs of time features; 0 gives the bare number
    classes      number of classes, 0 for none
    embedding    size of a class vector
    """

    def __init__(self, *, dim: int = 2, width: int = 128, depth: int = 3, frequencies: int = 8, classes: int = 0,
                 embedding: int = 16) -> None:
        super().__init__()
        if depth < 2:
            raise InputError("network.depth", depth, "at least 2 linear layers", "pass --network.depth 3")
        self.classes = classes
        self.point = nn.Linear(dim, width)
        self.features = FourierFeatures(frequencies) if frequencies else None
        self.time = nn.Linear(2 * frequencies or 1, width, bias=False)
        self.label = nn.Embedding(classes + 1, embedding) if classes else None
        self.mix = nn.Linear(embedding, width, bias=False) if classes else None
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 2))
        self.output = nn.Linear(width, dim)

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """The output, of x's shape (B, dim), for times t of shape (B,) or (1,) and labels (B,) or None."""
        told = t[:, None] if self.features is None else self.features(t)
        h = self.point(x) + self.time(told)
        if self.label is not None and self.mix is not None:
            h = h + self.mix(self.label(self._classes_of(x, labels)))
        h = F.leaky_relu(h)
        for layer in self.hidden:
            h = F.leaky_relu(layer(h))
        return cast(Tensor, self.output(h))

    def _classes_of(self, x: Tensor, labels: Tensor | None) -> Tensor:
        return torch.full((1,), self.classes, device=x.device) if labels is None else labels
