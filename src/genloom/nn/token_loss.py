"""The loss of a language model, and the log-probabilities of its tokens."""

import torch
from torch import Tensor
from torch.nn import functional as F


def token_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """The mean of −log softmax(hidden weightᵀ)[target] in nats over the targets ≥ 0.

    hidden (N, D), weight (V, D), targets (N,) int64 → scalar
    """
    return F.cross_entropy((hidden @ weight.T).float(), targets.where(targets >= 0, -100))


def log_probs(logits: Tensor, targets: Tensor) -> Tensor:
    """log softmax(logits)[target] in nats: (B, L, V), (B, L) → (B, L), float32, or float64 for float64.

    Targets below 0 get 0.
    """
    precise = torch.float64 if logits.dtype == torch.float64 else torch.float32
    found = logits.to(precise).log_softmax(-1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return found.where(targets >= 0, 0.0)
