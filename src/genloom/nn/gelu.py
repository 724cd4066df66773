"""GPT-2's activation function."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

_RATE = 2 * math.sqrt(2 / math.pi)
_CUBE = 0.044715
_MANY = 1 << 15
_AT_ONCE = 1 << 16  # 256 kB of float32, three of which stay in a core's cache


def gelu(x: Tensor) -> Tensor:
    """x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))), which is near x Φ(x), for any shape.

    Many numbers in bfloat16 on a CPU are computed in float32, a cache full at a time, and the slope with them; torch
    2.13's own forward and backward pass take 4 times as long there, which is a fifth of a small GPT's training step.
    That way cannot be differentiated twice. [Hendrycks & Gimpel 2016, section 2]
    """
    if x.device.type != "cpu" or x.dtype != torch.bfloat16 or x.numel() < _MANY or torch.compiler.is_compiling():
        return F.gelu(x, approximate="tanh")
    learning = torch.is_grad_enabled() and x.requires_grad
    out: Tensor = _ByParts.apply(x.contiguous(), learning)  # type: ignore[no-untyped-call] # torch gives no type
    return out


class _ByParts(torch.autograd.Function):
    """x σ(r (x + c x³)), and its slope σ + r (x + 3 c x³) σ (1 − σ)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, learning: bool) -> Tensor:
        out, slope = torch.empty_like(x), torch.empty_like(x if learning else x[:0])
        room = torch.empty(3, min(_AT_ONCE, x.numel()))
        for start in range(0, x.numel(), _AT_ONCE):
            part = slice(start, min(start + _AT_ONCE, x.numel()))
            some, square, gate = room[:, : part.stop - start]
            some.copy_(x.view(-1)[part])
            torch.mul(some, some, out=square)
            torch.addcmul(some, some, square, value=_CUBE, out=gate).mul_(_RATE).sigmoid_()
            steep = torch.addcmul(some, some, square, value=3 * _CUBE, out=square)
            out.view(-1)[part] = some.mul_(gate)
            if learning:
                both = torch.addcmul(gate, gate, gate, value=-1, out=some)
                slope.view(-1)[part] = gate.addcmul_(both, steep, value=_RATE)
        ctx.save_for_backward(slope)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return upstream * slope, None
