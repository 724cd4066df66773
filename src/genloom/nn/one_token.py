"""A GPT's next token, written out without the calls of its modules, which take longer than its products."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genloom.nn.causal import attend
from genloom.nn.gelu import gelu
from genloom.nn.gpt import GPT, Block
from genloom.nn.key_values import KeyValues
from genloom.nn.rotary import rotate

_Layer = Callable[[Tensor], Tensor]


class OneToken:
    """What `GPT.forward` computes in evaluation of one new token behind those that are held, without gradients.

    A small network's token is some hundred small operations: calling modules, keeping account of gradients and making
    views for each block anew takes as long as they do.

    gpt   its weights are taken from where they are: make this after it was moved, and anew when it is moved
    """

    def __init__(self, gpt: GPT) -> None:
        self._gpt, self._blocks = gpt, [_of(block) for block in gpt.blocks if isinstance(block, Block)]
        self._norm_out, self._head = _norm(gpt.norm_out), gpt.token_table.weight.detach().t()

    @torch.inference_mode()
    def __call__(self, tokens: Tensor, past: KeyValues) -> Tensor:
        """The logits (B, V) of what follows the tokens (B,) int64; these are held from then on.

        Errors: `InputError` where there is no room, and beyond the context.
        """
        gpt, place = self._gpt, past.length
        new, held = past.next_place()
        h = gpt.placed(tokens[:, None], None, past, dropped=False)[:, 0]
        for i, block in enumerate(self._blocks):
            query, key, value = self._query_key_value(block.qkv(block.norm_1(h)), place)
            new[2 * i].copy_(key)
            new[2 * i + 1].copy_(value)
            mixed = attend(query, held[2 * i], held[2 * i + 1])
            h = h + block.out(mixed.reshape(h.shape))
            h = h + block.contract(gelu(block.expand(block.norm_2(h))))
        past.advance(1)
        return self._norm_out(h) @ self._head

    def _query_key_value(self, found: Tensor, place: int) -> tuple[Tensor, ...]:
        """(B, 3 · width) → (B, H, 1, d) three times."""
        batch, heads = found.shape[0], self._gpt.shape.heads
        if self._gpt.shape.positions == "rotary":
            split = found.view(batch, 3 * heads, 1, -1)
            turned = rotate(split[:, : 2 * heads], torch.tensor([place], device=found.device))
            return (*turned.chunk(2, 1), split[:, 2 * heads :])
        return found.view(batch, 3, heads, 1, -1).unbind(1)


class _Layers(NamedTuple):
    """What a block computes with, each of (B, channels)."""

    norm_1: _Layer
    qkv: _Layer
    out: _Layer
    norm_2: _Layer
    expand: _Layer
    contract: _Layer


def _of(block: Block) -> _Layers:
    attention = block.attention
    return _Layers(_norm(block.norm_1), _linear(attention.qkv), _linear(attention.out), _norm(block.norm_2),
                   _linear(block.expand), _linear(block.contract))


def _linear(layer: nn.Linear) -> _Layer:
    weight = layer.weight.detach().t()
    return partial(torch.mm, mat2=weight) if layer.bias is None else partial(torch.addmm, layer.bias, mat2=weight)


def _norm(layer: nn.LayerNorm) -> _Layer:
    return partial(torch.layer_norm, normalized_shape=layer.normalized_shape, weight=layer.weight, bias=layer.bias,
                   eps=layer.eps)
