"""The standard Transformer for series as it is put together of torch's own layers, to compare with."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.forecasting.layers import CrossAttention, DecoderLayer, EncoderLayer, Residual, SelfAttention
from genloom.forecasting.transformer import Transformer, TransformerShape


class Embedding(nn.Module):
    """Values (B, L, C) by a circular convolution of three, marks (B, L, M) by a matrix, and sines and cosines of the
    step: (B, L, width)."""

    def __init__(self, shape: TransformerShape, longest: int) -> None:
        super().__init__()
        width = shape.layer.width
        self.values = nn.Conv1d(shape.channels, width, 3, padding=1, padding_mode="circular", bias=False)
        self.marks = nn.Linear(shape.marks, width, bias=False)
        self.dropout = nn.Dropout(shape.layer.dropout)
        rate = 10_000.0 ** (-torch.arange(width // 2) / (width // 2))
        angle = torch.arange(longest)[:, None] * rate
        self.register_buffer("places", torch.cat((angle.sin(), angle.cos()), 1), persistent=False)
        self.places: Tensor

    def forward(self, x: Tensor, marks: Tensor) -> Tensor:
        """The tokens."""
        told = self.values(x.transpose(1, 2)).transpose(1, 2) + self.marks(marks) + self.places[: x.shape[1]]
        return cast(Tensor, self.dropout(told))


class Layered(nn.Module):
    """x (B, L, C), marks → (B, H, C, P): the function of a one-shot `Transformer` with full attention and a causal
    decoder, of `nn.TransformerEncoderLayer` and `nn.TransformerDecoderLayer`.

    Nothing is dropped out of attention weights and inside the feed-forward part, as in `Transformer`.
    """

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.shape, width, longest = shape, shape.layer.width, shape.label + shape.horizon
        self.embed, self.embed_target = Embedding(shape, shape.lookback), Embedding(shape, longest)
        self.encoder = nn.ModuleList(_layer(shape, nn.TransformerEncoderLayer) for _ in range(shape.layers))
        self.decoder = nn.ModuleList(_layer(shape, nn.TransformerDecoderLayer) for _ in range(shape.decoder_layers))
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.output = nn.Linear(width, shape.channels * shape.parameters)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(longest), persistent=False)
        self.mask: Tensor

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        """The forecast of all steps in one pass."""
        memory = self.embed(x, x_marks)
        for layer in self.encoder:
            memory = layer(memory)
        memory, label = self.encoder_norm(memory), self.shape.label
        zeros = x.new_zeros(len(x), self.shape.horizon, x.shape[2])
        tokens = self.embed_target(torch.cat((x[:, -label:], zeros), 1), torch.cat((x_marks[:, -label:], y_marks), 1))
        for layer in self.decoder:
            tokens = layer(tokens, memory, tgt_mask=self.mask, tgt_is_causal=True)
        found = self.output(self.decoder_norm(tokens[:, -self.shape.horizon :]))
        return cast(Tensor, found.view(*found.shape[:2], self.shape.channels, -1))


def layered(network: Transformer) -> Layered:
    """The same network of torch's layers, with the same weights in tensors of its own.

    Errors: `InputError` for one that is not one-shot, or whose tokens do not hold their neighbours.
    """
    if network.shape.decoder != "one-shot" or not network.shape.neighbours:
        raise InputError("network.decoder", network.shape.decoder, "one-shot, with neighbours")
    made, channels = Layered(network.shape), network.shape.channels
    state: dict[str, Tensor] = {}
    for name, embed in (("embed", network.embed), ("embed_target", network.embed_target)):
        values, marks = embed.weight[:, : 3 * channels], embed.weight[:, 3 * channels :]
        state[f"{name}.values.weight"] = values.reshape(len(values), 3, channels).transpose(1, 2)
        state[f"{name}.marks.weight"] = marks
    for name in ("encoder_norm", "decoder_norm", "output"):
        state |= _named(name, getattr(network, name))
    for k, encoder in enumerate(network.encoder):
        assert isinstance(encoder, EncoderLayer)
        state |= {**_self(f"encoder.{k}", encoder.attention), **_rest(f"encoder.{k}", encoder)}
    for k, decoder in enumerate(network.decoder):
        assert isinstance(decoder, DecoderLayer)
        state |= {**_self(f"decoder.{k}", decoder.attention), **_rest(f"decoder.{k}", decoder),
                  **_cross(f"decoder.{k}.multihead_attn", decoder.cross)}
    made.load_state_dict({name: tensor.detach().clone() for name, tensor in state.items()})
    return made


def _layer(shape: TransformerShape, kind: type[nn.Module]) -> nn.Module:
    each = shape.layer
    made = kind(each.width, each.heads, each.hidden, each.dropout, getattr(F, each.activation), batch_first=True,
                norm_first=each.norm_first)
    made.dropout = nn.Dropout(0.0)
    for name in ("self_attn", "multihead_attn"):
        if hasattr(made, name):
            getattr(made, name).dropout = 0.0
    return made


def _self(name: str, ours: SelfAttention) -> dict[str, Tensor]:
    return {f"{name}.self_attn.in_proj_weight": ours.qkv.weight, f"{name}.self_attn.in_proj_bias": ours.qkv.bias,
            **_named(f"{name}.self_attn.out_proj", ours.out)}


def _cross(name: str, ours: CrossAttention) -> dict[str, Tensor]:
    return {f"{name}.in_proj_weight": torch.cat((ours.query.weight, ours.key_value.weight)),
            f"{name}.in_proj_bias": torch.cat((ours.query.bias, ours.key_value.bias)),
            **_named(f"{name}.out_proj", ours.out)}


def _rest(name: str, ours: EncoderLayer | DecoderLayer) -> dict[str, Tensor]:
    norms = {key: tensor for k, around in enumerate(ours.around, 1) if isinstance(around, Residual)
             for key, tensor in _named(f"{name}.norm{k}", around.norm).items()}
    return {**_named(f"{name}.linear1", ours.feed.first), **_named(f"{name}.linear2", ours.feed.second), **norms}


def _named(name: str, layer: nn.Module) -> dict[str, Tensor]:
    return {f"{name}.{key}": tensor for key, tensor in layer.named_parameters()}
