"""iTransformer: whole channels as the tokens of a Transformer's encoder, which look at one another."""

from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn

from genloom.forecasting.attending import Attending
from genloom.forecasting.dropout import Dropout
from genloom.forecasting.layers import EncoderLayer, LayerShape, Looked


@dataclass(frozen=True, kw_only=True)
class InvertedShape:
    """Sizes of an `ITransformer`.

    lookback, horizon, parameters   as of `transformer.TransformerShape`
    layers                          of the encoder
    """

    lookback: int = 96
    horizon: int = 720
    parameters: int = 1
    layers: int = 2
    layer: LayerShape = field(default_factory=lambda: LayerShape(width=512, heads=8, hidden=512, activation="gelu"))


class ITransformer(nn.Module):
    """(B, L, C) with marks (B, L, M) → (B, H, C, P). [Liu et al. 2024, section 3.1]

    The lookback of each channel, and that of each calendar mark, is one token, W_e x_{·c} + b; after the encoder, the
    tokens of the channels become their forecasts, W_o h_c + b.
    """

    def __init__(self, shape: InvertedShape, attending: Attending | None = None) -> None:
        super().__init__()
        self.shape, width = shape, shape.layer.width
        self.embed = nn.Linear(shape.lookback, width)
        self.dropout = Dropout(shape.layer.dropout)
        self.encoder = nn.ModuleList(EncoderLayer(shape.layer, attending or Attending()) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, shape.horizon * shape.parameters)

    def forward(self, x: Tensor, x_marks: Tensor | None = None, y_marks: Tensor | None = None,
                y: Tensor | None = None, looked: Looked | None = None) -> Tensor:
        """The forecast; of the calendar that of the lookback alone is looked at."""
        channels = x.shape[2]
        told = x if x_marks is None else torch.cat((x, x_marks.to(x.dtype)), 2)
        tokens = self.dropout(self.embed(told.transpose(1, 2)))
        for layer in self.encoder:
            tokens = layer(tokens, looked)
        found = self.output(self.norm(tokens[:, :channels]))
        return cast(Tensor, found.unflatten(2, (self.shape.horizon, -1)).transpose(1, 2))

    def look(self, x: Tensor, x_marks: Tensor | None = None, y_marks: Tensor | None = None,
             y: Tensor | None = None) -> dict[str, list[Tensor]]:
        """The attention weights of each layer among the channels and marks, (B, heads, C + M, C + M)."""
        looked = Looked()
        self(x, x_marks, looked=looked)
        return {"channels": looked}
