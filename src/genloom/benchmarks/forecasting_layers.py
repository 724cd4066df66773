"""The standard Transformer for series with attention written out, as Time-Series-Library has it.

Written from its description: separate maps for queries, keys and values, scores by an einsum, a mask that is filled
−∞, softmax, dropout of the weights, another einsum; the feed-forward part as convolutions of one step, dropout
inside; all tokens of the decoder go through all of it. [Wu et al. 2023, the library's "Transformer"]
"""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.forecasting.layers import CrossAttention, DecoderLayer, EncoderLayer, Residual, SelfAttention
from genloom.forecasting.transformer import Transformer, TransformerShape
from genloom.studies.forecasting.written import Embedding


class WrittenOut(nn.Module):
    """Attention of queries (B, L, D) to keys and values (B, S, D), its matrix written out."""

    def __init__(self, width: int, heads: int, dropout: float, *, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """(B, L, D)."""
        q, k, v = (part.view(*part.shape[:2], self.heads, -1) for part in (
            self.query(queries), self.key(keys), self.value(keys)))
        scores = torch.einsum("blhe,bshe->bhls", q, k)
        if self.causal:
            later = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool, device=q.device).triu(1)
            scores.masked_fill_(later, -math.inf)
        weights = self.dropout(torch.softmax(scores / math.sqrt(q.shape[-1]), dim=-1))
        mixed = torch.einsum("bhls,bshd->blhd", weights, v).contiguous()
        return cast(Tensor, self.out(mixed.flatten(2)))


class Layer(nn.Module):
    """A layer of the encoder, or of the decoder with attention to a memory."""

    def __init__(self, shape: TransformerShape, *, cross: bool) -> None:
        super().__init__()
        each = shape.layer
        self.attention = WrittenOut(each.width, each.heads, each.dropout, causal=cross)
        self.cross = WrittenOut(each.width, each.heads, each.dropout, causal=False) if cross else None
        self.expand, self.contract = nn.Conv1d(each.width, each.hidden, 1), nn.Conv1d(each.hidden, each.width, 1)
        self.norms = nn.ModuleList(nn.LayerNorm(each.width) for _ in range(2 + cross))
        self.dropout = nn.Dropout(each.dropout)
        self.activation = getattr(F, each.activation)

    def forward(self, tokens: Tensor, memory: Tensor | None = None) -> Tensor:
        """(B, L, D)."""
        tokens = self.norms[0](tokens + self.dropout(self.attention(tokens, tokens)))
        if self.cross is not None:
            tokens = self.norms[1](tokens + self.dropout(self.cross(tokens, memory)))
        found = self.dropout(self.activation(self.expand(tokens.transpose(1, 2))))
        found = self.dropout(self.contract(found).transpose(1, 2))
        return cast(Tensor, self.norms[-1](tokens + found))


class Materialised(nn.Module):
    """x (B, L, C), marks → (B, H, C, P), the function of a one-shot post-norm `Transformer`."""

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.shape, width = shape, shape.layer.width
        self.embed = Embedding(shape, shape.lookback)
        self.embed_target = Embedding(shape, shape.label + shape.horizon)
        self.encoder = nn.ModuleList(Layer(shape, cross=False) for _ in range(shape.layers))
        self.decoder = nn.ModuleList(Layer(shape, cross=True) for _ in range(shape.decoder_layers))
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.output = nn.Linear(width, shape.channels * shape.parameters)

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        """The forecast of all steps in one pass."""
        memory = self.embed(x, x_marks)
        for layer in self.encoder:
            memory = layer(memory)
        memory, label = self.encoder_norm(memory), self.shape.label
        zeros = x.new_zeros(len(x), self.shape.horizon, x.shape[2])
        tokens = self.embed_target(torch.cat((x[:, -label:], zeros), 1), torch.cat((x_marks[:, -label:], y_marks), 1))
        for layer in self.decoder:
            tokens = layer(tokens, memory)
        found = self.output(self.decoder_norm(tokens))[:, -self.shape.horizon :]
        return cast(Tensor, found.view(*found.shape[:2], self.shape.channels, -1))


def materialised(network: Transformer) -> Materialised:
    """The same network with its attention written out, with the same weights in tensors of its own."""
    made, channels = Materialised(network.shape), network.shape.channels
    state: dict[str, Tensor] = {}
    for name, embed in (("embed", network.embed), ("embed_target", network.embed_target)):
        values, marks = embed.weight[:, : 3 * channels], embed.weight[:, 3 * channels :]
        state[f"{name}.values.weight"] = values.reshape(len(values), 3, channels).transpose(1, 2)
        state[f"{name}.marks.weight"] = marks
    for name in ("encoder_norm", "decoder_norm", "output"):
        state |= _named(name, getattr(network, name))
    for part in ("encoder", "decoder"):
        for k, layer in enumerate(getattr(network, part)):
            state |= _layer(f"{part}.{k}", layer)
    made.load_state_dict({name: tensor.detach().clone() for name, tensor in state.items()})
    return made


def _layer(name: str, ours: EncoderLayer | DecoderLayer) -> dict[str, Tensor]:
    state = _self(f"{name}.attention", ours.attention)
    if isinstance(ours, DecoderLayer):
        state |= _cross(f"{name}.cross", ours.cross)
    for k, around in enumerate(ours.around):
        assert isinstance(around, Residual)
        state |= _named(f"{name}.norms.{k}", around.norm)
    for theirs, linear in (("expand", ours.feed.first), ("contract", ours.feed.second)):
        state |= {f"{name}.{theirs}.weight": linear.weight[..., None], f"{name}.{theirs}.bias": linear.bias}
    return state


def _self(name: str, ours: SelfAttention) -> dict[str, Tensor]:
    state = _named(f"{name}.out", ours.out)
    for part, weight, bias in zip(("query", "key", "value"), ours.qkv.weight.chunk(3), ours.qkv.bias.chunk(3),
                                  strict=True):
        state |= {f"{name}.{part}.weight": weight, f"{name}.{part}.bias": bias}
    return state


def _cross(name: str, ours: CrossAttention) -> dict[str, Tensor]:
    state = {**_named(f"{name}.out", ours.out), **_named(f"{name}.query", ours.query)}
    for part, weight, bias in zip(("key", "value"), ours.key_value.weight.chunk(2), ours.key_value.bias.chunk(2),
                                  strict=True):
        state |= {f"{name}.{part}.weight": weight, f"{name}.{part}.bias": bias}
    return state


def _named(name: str, layer: nn.Module) -> dict[str, Tensor]:
    return {f"{name}.{key}": tensor for key, tensor in layer.named_parameters()}
