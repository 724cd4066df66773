"""The loss of a language model, and the log-probabilities of its tokens."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class _Portion(NamedTuple):
    """At least how many rows are worked on at once, and up to how many logits where that is more rows."""

    rows: int
    logits: int


_CPU = _Portion(256, 1 << 20)  # 4 MB of float32 stay in a cache; with fewer rows, reading the weight would take longest
_ACCELERATOR = _Portion(1024, 1 << 26)


def token_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """The mean of −log softmax(hidden weightᵀ)[target] in nats over the targets ≥ 0; NaN where there is none.

    hidden (N, D), weight (V, D), targets (N,) int64 below V → scalar, float32 (float64 for float64)

    It is F.cross_entropy of the logits, which exist for `rows_at_once` rows at a time. The gradients of these rows,
    (p − 1[target]) weight and (p − 1[target])ᵀ hidden, are computed with them, so that the backward pass only scales
    them; it cannot be differentiated again. Under autocast the products are in its precision; the softmax, and the sum
    of the weight's gradient over the portions, in float32. (torch 2.13's `linear_cross_entropy` works by rows too, but
    multiplies in float32 under autocast; earlier versions have none.)
    """
    device = hidden.device.type
    autocast = torch.is_autocast_enabled(device)
    precision = torch.get_autocast_dtype(device) if autocast else hidden.dtype
    learning = torch.is_grad_enabled()
    with torch.autocast(device, enabled=False):
        loss: Tensor = _ByRows.apply(  # type: ignore[no-untyped-call] # torch gives no type
            hidden, weight, targets, precision, learning and hidden.requires_grad, learning and weight.requires_grad)
    return loss


def log_probs(logits: Tensor, targets: Tensor) -> Tensor:
    """log softmax(logits)[target] in nats: (B, L, V), (B, L) → (B, L), float32, or float64 for float64.

    Targets below 0 get 0.
    """
    found = logits.to(_precise(logits)).log_softmax(-1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return found.where(targets >= 0, 0.0)


def rows_at_once(vocabulary: int, device: str = "cpu") -> int:
    """Of how many rows `token_loss` holds the logits: 256 and up to 2²⁰ logits, on accelerators 1,024 and 2²⁶."""
    portion = _CPU if device == "cpu" else _ACCELERATOR
    return max(portion.rows, portion.logits // vocabulary)


class _ByRows(torch.autograd.Function):
    """The loss and, where they are wanted, its gradients by the rows and by the weight."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, precision: torch.dtype, by_hidden: bool,
                by_weight: bool) -> Tensor:
        head, counted = weight.to(precision), targets >= 0
        total = torch.zeros((), device=hidden.device, dtype=_precise(hidden))
        gradient = torch.empty_like(hidden) if by_hidden else None
        head_gradient = torch.zeros_like(weight, dtype=total.dtype) if by_weight else None
        rows = rows_at_once(len(weight), hidden.device.type)
        for start in range(0, len(hidden), rows):
            part = slice(start, start + rows)
            some, keep = hidden[part].to(precision), counted[part, None]
            target = targets[part, None].clamp(min=0)
            found = (some @ head.T).to(total.dtype).log_softmax(1)
            total -= found.gather(1, target).where(keep, 0.0).sum()
            if not by_hidden and not by_weight:
                continue
            found = found.exp_().scatter_add_(1, target, found.new_full((1, 1), -1.0).expand_as(target)).to(precision)
            if gradient is not None:
                gradient[part] = (found @ head) * keep
            if head_gradient is not None:
                head_gradient += found.T @ (some * keep)
        count = counted.sum()
        ctx.save_for_backward(gradient, head_gradient, count)
        return total / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        gradient, head_gradient, count = ctx.saved_tensors
        scale = upstream / count
        scaled = [None if found is None else found * scale.to(found.dtype) for found in (gradient, head_gradient)]
        return (*scaled, None, None, None, None)


def _precise(tensor: Tensor) -> torch.dtype:
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32
