"""PatchTST: pieces of one channel as the tokens of a Transformer's encoder, all channels by the same weights."""

from dataclasses import dataclass, field
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.forecasting.attending import Attending
from genloom.forecasting.dropout import Dropout
from genloom.forecasting.layers import EncoderLayer, LayerShape, Looked, Residual


@dataclass(frozen=True, kw_only=True)
class PatchShape:
    """Sizes of a `PatchTST`.

    lookback, horizon, parameters   as of `transformer.TransformerShape`
    patch        steps of a patch, and `stride` from one to the next
    layers       of the encoder
    norm         batch: over all tokens of a batch in training, as published; layer: of each token by itself
    output       share of the encoder's features that is hidden in training before the last layer
    """

    lookback: int = 96
    horizon: int = 720
    parameters: int = 1
    patch: int = 16
    stride: int = 8
    layers: int = 3
    norm: Literal["batch", "layer"] = "batch"
    output: float = 0.0
    layer: LayerShape = field(default_factory=lambda: LayerShape(width=16, heads=4, hidden=128, dropout=0.3,
                                                                 activation="gelu"))

    def __post_init__(self) -> None:
        if not 1 <= self.stride <= self.patch <= self.lookback:
            raise InputError("network.patch", f"{self.patch} with a stride of {self.stride}",
                             f"such that 1 ≤ stride ≤ patch ≤ {self.lookback} steps",
                             "pass --network.patch 16 --network.stride 8")

    @property
    def patches(self) -> int:
        """Tokens of a channel: the last value is repeated for one stride, so that the newest steps have their own."""
        return (self.lookback + self.stride - self.patch) // self.stride + 1


class PatchTST(nn.Module):
    """(B, L, C) → (B, H, C, P): W flatten(encoder(W_p patches + positions)) of each channel. [Nie et al. 2023, §3.1]

    The calendar is not looked at. Weights of attention are not dropped, while the published code can.
    """

    def __init__(self, shape: PatchShape, attending: Attending | None = None) -> None:
        super().__init__()
        self.shape, width = shape, shape.layer.width
        self.embed = nn.Linear(shape.patch, width)
        self.positions = nn.Parameter(torch.empty(shape.patches, width).uniform_(-0.02, 0.02))
        self.dropout = Dropout(shape.layer.dropout)
        self.encoder = nn.ModuleList(_layer(shape, attending or Attending()) for _ in range(shape.layers))
        self.hidden = Dropout(shape.output)
        self.output = nn.Linear(shape.patches * width, shape.horizon * shape.parameters)

    def forward(self, x: Tensor, x_marks: Tensor | None = None, y_marks: Tensor | None = None,
                y: Tensor | None = None, looked: Looked | None = None) -> Tensor:
        """The forecast."""
        batch, _, channels = x.shape
        rows = F.pad(x.transpose(1, 2), (0, self.shape.stride), mode="replicate")
        patches = rows.unfold(2, self.shape.patch, self.shape.stride).flatten(0, 1)
        tokens = self.dropout(self.embed(patches) + self.positions)
        for layer in self.encoder:
            tokens = layer(tokens, looked)
        found = self.output(self.hidden(tokens.flatten(1)))
        return cast(Tensor, found.view(batch, channels, self.shape.horizon, -1).transpose(1, 2))

    def look(self, x: Tensor, x_marks: Tensor | None = None, y_marks: Tensor | None = None,
             y: Tensor | None = None) -> dict[str, list[Tensor]]:
        """The attention weights of each layer among the patches of each channel, (B·C, heads, patches, patches)."""
        looked = Looked()
        self(x, looked=looked)
        return {"patches": looked}


class TokenBatchNorm(nn.Module):
    """Batch normalisation of tokens (B, L, width), over all tokens of a batch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """The normalised tokens."""
        return cast(Tensor, self.norm(tokens.flatten(0, 1))).view_as(tokens)


def _layer(shape: PatchShape, attending: Attending) -> EncoderLayer:
    layer = EncoderLayer(shape.layer, attending)
    if shape.norm == "batch":
        layer.around = nn.ModuleList(Residual(shape.layer, TokenBatchNorm(shape.layer.width)) for _ in range(2))
    return layer
