"""GPT-2's network as it is put together of torch's own Transformer layers."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.nn.gpt import GPT, Block, GPTShape


class LayeredGPT(nn.Module):
    """Tokens (B, L) → logits (B, L, V), the function of a `GPT` of the same shape with learned positions.

    Its blocks are `nn.TransformerEncoderLayer`s with the norm first and a causal mask; they drop nothing out after the
    activation function, as GPT-2 does not.
    """

    def __init__(self, shape: GPTShape) -> None:
        super().__init__()
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.context, shape.width)
        self.dropout = nn.Dropout(shape.dropout)
        self.layers = nn.ModuleList(_layer(shape) for _ in range(shape.blocks))
        self.norm = nn.LayerNorm(shape.width)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        self.head.weight = self.tokens.weight
        mask = nn.Transformer.generate_square_subsequent_mask(shape.context)
        self.register_buffer("mask", mask, persistent=False)
        self.mask: Tensor

    def forward(self, tokens: Tensor) -> Tensor:
        """The logits."""
        length = tokens.shape[1]
        h = self.dropout(self.tokens(tokens) + self.places.weight[:length])
        for layer in self.layers:
            h = layer(h, src_mask=self.mask[:length, :length], is_causal=True)
        logits: Tensor = self.head(self.norm(h))
        return logits


def layered(gpt: GPT) -> LayeredGPT:
    """The same network, with the same weights in tensors of its own."""
    made, state = LayeredGPT(gpt.shape), {}
    assert gpt.position_table is not None
    state = {"tokens.weight": gpt.token_table.weight, "head.weight": gpt.token_table.weight,
             "places.weight": gpt.position_table.weight, **_named("norm", gpt.norm_out)}
    for number, block in enumerate(gpt.blocks):
        assert isinstance(block, Block)
        at = f"layers.{number}"
        state |= {f"{at}.self_attn.in_proj_{name}": tensor for name, tensor in block.attention.qkv.named_parameters()}
        for theirs, ours in (("self_attn.out_proj", block.attention.out), ("norm1", block.norm_1),
                             ("norm2", block.norm_2), ("linear1", block.expand), ("linear2", block.contract)):
            state |= _named(f"{at}.{theirs}", ours)
    with torch.no_grad():
        made.load_state_dict(state)
    return made


def _layer(shape: GPTShape) -> nn.Module:
    layer = nn.TransformerEncoderLayer(
        shape.width, shape.heads, shape.expansion * shape.width, shape.dropout,
        activation=partial(F.gelu, approximate="tanh"), batch_first=True, norm_first=True)
    layer.dropout = nn.Dropout(0.0)
    return layer


def _named(name: str, layer: nn.Module) -> dict[str, Tensor]:
    return {f"{name}.{key}": tensor for key, tensor in layer.named_parameters()}
