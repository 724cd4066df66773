"""The encoder–decoder Transformer for series, from its own parts: one pass or step by step, any attention, any mask."""

from dataclasses import dataclass, field
from typing import Literal, cast

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.forecasting.attending import Attending
from genloom.forecasting.layers import DecoderLayer, EncoderLayer, Kept, LayerShape, Looked, StepEmbedding

Decoder = Literal["one-shot", "autoregressive"]


@dataclass(frozen=True, kw_only=True)
class TransformerShape:
    """Sizes of a `Transformer`.

    channels      of the series, C
    marks         calendar marks of a step, M
    lookback      steps that the encoder reads, L
    horizon       steps to forecast, H
    label         last steps of the lookback that the decoder is given too, as its start
    parameters    numbers for each step and channel of the forecast, P, of which the first is its location
    layers        of the encoder, and `decoder_layers`
    decoder       one-shot: start and zeros, all steps in one pass; autoregressive: each step from those before it
    neighbours    whether a token holds the values of neighbouring steps as well
    """

    channels: int = 7
    marks: int = 4
    lookback: int = 96
    horizon: int = 720
    label: int = 48
    parameters: int = 1
    layers: int = 2
    decoder_layers: int = 1
    decoder: Decoder = "one-shot"
    neighbours: bool = True
    layer: LayerShape = field(default_factory=LayerShape)

    def __post_init__(self) -> None:
        if not 1 <= self.label <= self.lookback:
            raise InputError("window.label", self.label, f"from 1 to window.lookback = {self.lookback}",
                             f"pass --window.label {max(1, self.lookback // 2)}")
        for name in ("layers", "decoder_layers", "horizon"):
            if getattr(self, name) < 1:
                raise InputError(f"network.{name}", getattr(self, name), "at least 1")


@dataclass(frozen=True, eq=False)
class Attentions:
    """The three attentions of a `Transformer`: of the encoder, of the decoder to itself, and to the encoder."""

    encoder: Attending
    decoder: Attending
    cross: Attending

    @classmethod
    def published(cls) -> "Attentions":
        """All see all, but for the decoder, which sees what is past."""
        return cls(Attending(), Attending(causal=True), Attending())


class Transformer(nn.Module):
    """x (B, L, C), marks of both parts → (B, H, C, P). [Vaswani et al. 2017; for series as Zhou et al. 2021]

    One-shot, the decoder is given the last `label` steps and zeros for those to come, of which it knows the calendar
    alone, so that no mask hides anything of the future. Autoregressive, a token holds the values up to step t and the
    calendar of step t + 1, and becomes the forecast of that step: in training the true values are given ("teacher
    forcing"), in use the forecast's own location. There a causal mask is what keeps the answer from the question.
    """

    def __init__(self, shape: TransformerShape, attentions: Attentions | None = None) -> None:
        super().__init__()
        self.shape, each = shape, shape.layer
        chosen = attentions or Attentions.published()
        sizes = (shape.channels, shape.marks, each.width)
        coming: Literal["circular", "causal"] = "circular" if shape.decoder == "one-shot" else "causal"
        self.embed = StepEmbedding(*sizes, neighbours="circular" if shape.neighbours else "alone", dropout=each.dropout)
        self.embed_target = StepEmbedding(*sizes, neighbours=coming if shape.neighbours else "alone",
                                          dropout=each.dropout)
        self.encoder = nn.ModuleList(EncoderLayer(each, chosen.encoder) for _ in range(shape.layers))
        self.encoder_norm = nn.LayerNorm(each.width)
        self.decoder = nn.ModuleList(DecoderLayer(each, chosen.decoder, chosen.cross)
                                     for _ in range(shape.decoder_layers))
        self.decoder_norm = nn.LayerNorm(each.width)
        self.output = nn.Linear(each.width, shape.channels * shape.parameters)
        self.attentions = chosen

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        """The forecast; of an autoregressive decoder with the truth y (B, H, C), each step given the true ones before.

        y_marks   (B, H, M)
        """
        memory = self.encode(x, x_marks)
        if self.shape.decoder == "one-shot" or y is not None:
            return self._decoded(*self._target(x, x_marks, y_marks, y), memory)
        return self.generate(x, x_marks, y_marks, memory)

    def look(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> dict[str, list[Tensor]]:
        """The attention weights of each layer, (B, heads, Lq, Lk), of the encoder, the decoder, and of it to the
        encoder ("cross"); an autoregressive decoder that is given no truth reads its own forecast, as in use."""
        encoder, decoder, cross = Looked(), Looked(), Looked()
        memory = self.encode(x, x_marks, encoder)
        if self.shape.decoder == "autoregressive" and y is None:
            y = self.generate(x, x_marks, y_marks, memory)[..., 0].to(x.dtype)
        self._decoded(*self._target(x, x_marks, y_marks, y), memory, decoder, cross)
        return {"encoder": encoder, "decoder": decoder, "cross": cross}

    def encode(self, x: Tensor, x_marks: Tensor, looked: Looked | None = None) -> Tensor:
        """What the encoder makes of the lookback, (B, L, width)."""
        tokens = self.embed(x, x_marks)
        for layer in self.encoder:
            tokens = layer(tokens, looked)
        return cast(Tensor, self.encoder_norm(tokens))

    @torch.no_grad()
    def generate(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, memory: Tensor | None = None, *,
                 keep: bool | None = None) -> Tensor:
        """The forecast step by step, each from the locations of those before it.

        keep   whether keys and values of earlier steps are kept, which gives the same for full causal attention alone;
               by default where that is so. Without it every step decodes all before it again
        """
        memory = self.encode(x, x_marks) if memory is None else memory
        keep = self.attentions.decoder.plain if keep is None else keep
        if keep and not self.attentions.decoder.plain:
            raise InputError("keep", keep, "False: only full causal attention can keep keys and values")
        run = self._with_kept if keep else self._anew
        return run(x, x_marks, y_marks, memory)

    def _target(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None) -> tuple[Tensor, Tensor]:
        """Values and marks that the decoder reads, (B, label + H, C) or one step shorter where it is shifted."""
        label = self.shape.label
        start = x[:, -label:]
        if self.shape.decoder == "one-shot":
            zeros = x.new_zeros(len(x), self.shape.horizon, x.shape[2])
            return torch.cat((start, zeros), 1), torch.cat((x_marks[:, -label:], y_marks), 1)
        assert y is not None
        return torch.cat((start, y[:, :-1]), 1), torch.cat((x_marks[:, x.shape[1] - label + 1 :], y_marks), 1)

    def _decoded(self, values: Tensor, marks: Tensor, memory: Tensor, looked: Looked | None = None,
                 crossed: Looked | None = None) -> Tensor:
        """The forecast of the last steps of a target; what comes before them is needed by others alone."""
        tokens = self.embed_target(values, marks)
        horizon, count = tokens.shape[1] - self.shape.label + (self.shape.decoder != "one-shot"), len(self.decoder)
        for k, layer in enumerate(self.decoder):
            tokens = layer(tokens, memory, last=horizon if k == count - 1 else 0, looked=looked, crossed=crossed)
        return self._output(tokens)

    def _output(self, tokens: Tensor) -> Tensor:
        found: Tensor = self.output(self.decoder_norm(tokens))
        return found.view(*found.shape[:2], self.shape.channels, -1)

    def _anew(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, memory: Tensor) -> Tensor:
        known, found = x[:, :0], list[Tensor]()
        for step in range(1, self.shape.horizon + 1):
            values = torch.cat((x[:, -self.shape.label :], known), 1)
            marks = torch.cat((x_marks[:, x.shape[1] - self.shape.label + 1 :], y_marks[:, :step]), 1)
            found.append(self._decoded(values, marks, memory)[:, -1:])
            known = torch.cat((known, found[-1][..., 0].to(x.dtype)), 1)
        return torch.cat(found, 1)

    def _with_kept(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, memory: Tensor) -> Tensor:
        label, horizon = self.shape.label, self.shape.horizon
        layers = cast(list[DecoderLayer], list(self.decoder))
        remembered = [layer.cross.remember(memory) for layer in layers]
        kept = [Kept(label + horizon - 1) for _ in layers]
        start = torch.cat((x_marks[:, x.shape[1] - label + 1 :], y_marks[:, :1]), 1)
        tokens, found = self.embed_target(x[:, -label:], start), list[Tensor]()
        recent = torch.cat((x.new_zeros(len(x), 2, x.shape[2]), x[:, -label:]), 1)[:, -3:]
        for step in range(1, horizon + 1):
            tokens = self._further(layers, tokens, remembered, kept)
            found.append(self._output(tokens[:, -1:]))
            if step < horizon:
                recent = torch.cat((recent[:, 1:], found[-1][..., 0].to(x.dtype)), 1)
                tokens = self.embed_target.step(recent, y_marks[:, step : step + 1], label + step - 1)
        return torch.cat(found, 1)

    @staticmethod
    def _further(layers: list[DecoderLayer], tokens: Tensor, remembered: list[tuple[Tensor, Tensor]],
                 kept: list[Kept]) -> Tensor:
        for layer, memory, store in zip(layers, remembered, kept, strict=True):
            tokens = layer.further(tokens, memory, store)
        return tokens
