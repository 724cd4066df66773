"""How the next token is chosen: the law of the model, made sharper, cut off, or less repetitive."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A law made from the model's, by these steps in this order; the defaults leave it as it is.

    repetition    logits of tokens that were seen are divided by it where positive and multiplied by it where negative;
                  1 is none [Keskar et al. 2019, §4.1]
    temperature   the logits are divided by it; 0 is the limit: the likeliest token for sure, of equals the first
    top_k         tokens below the k-th likeliest are left out; 0 is none [Fan, Lewis & Dauphin 2018, §5.4]
    top_p         the fewest likeliest tokens whose probabilities reach p stay; 1 is none [Holtzman et al. 2020, Eq. 2]
    min_p         tokens below this share of the likeliest one's probability are left out; 0 is none [Nguyen et al.
                  2025]

    Each step sees the probabilities that the one before it left, made to sum to 1 again. The likeliest token stays.

    Errors: `InputError` for values that are no such law.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition: float = 1.0

    def __post_init__(self) -> None:
        limits = (("temperature", 0 <= self.temperature < float("inf"), "at least 0"),
                  ("top_k", self.top_k >= 0, "at least 0"), ("top_p", 0 < self.top_p <= 1, "in (0, 1]"),
                  ("min_p", 0 <= self.min_p <= 1, "in [0, 1]"),
                  ("repetition", 0 < self.repetition < float("inf"), "greater than 0"))
        for name, allowed, text in limits:
            if not allowed:
                raise InputError(name, getattr(self, name), text)

    def adjusted(self, logits: Tensor, seen: Tensor | None = None) -> Tensor:
        """The log-probabilities that the next tokens are drawn by, (B, V) → (B, V); −∞ for those left out.

        seen   (B, V) bool, the tokens that stand in each row so far; only a repetition other than 1 looks at it

        >>> Choice(top_k=2).adjusted(torch.tensor([[0.0, 1.0, 1.0, -2.0]])).exp().tolist()
        [[0.0, 0.5, 0.5, 0.0]]
        """
        if self.repetition != 1 and seen is not None:
            changed = torch.where(logits > 0, logits / self.repetition, logits * self.repetition)
            logits = torch.where(seen, _finite(changed), logits)
        if self.temperature == 0:
            best = logits.argmax(-1, keepdim=True)
            return torch.full_like(logits, -torch.inf).scatter_(-1, best, 0.0)
        if self.temperature != 1:
            logits = _cooled(logits, self.temperature)
        if 0 < self.top_k < logits.shape[-1]:
            least = logits.topk(self.top_k).values[..., -1:]
            logits = logits.masked_fill(logits < least, -torch.inf)
        if self.top_p < 1:
            logits = _nucleus(logits, self.top_p)
        if self.min_p > 0:
            found = logits.log_softmax(-1)
            least = found.amax(-1, keepdim=True) + torch.tensor(self.min_p, dtype=torch.float64).log().to(found)
            logits = logits.masked_fill(found < least, -torch.inf)
        return logits.log_softmax(-1)


def _finite(logits: Tensor) -> Tensor:
    """The logits with the largest numbers that there are where an extreme repetition leads beyond them."""
    limits = torch.finfo(logits.dtype)
    return logits.clamp(limits.min, limits.max)


def _cooled(logits: Tensor, temperature: float) -> Tensor:
    """The logits over the temperature, less their largest, so that no temperature above 0 makes ∞ − ∞ of them."""
    gaps = logits - logits.amax(-1, keepdim=True)
    return gaps / max(temperature, torch.finfo(logits.dtype).tiny)


def _nucleus(logits: Tensor, p: float) -> Tensor:
    """The logits of the fewest likeliest tokens that reach p, of equals the first; −∞ for the others."""
    ordered, order = logits.softmax(-1).sort(dim=-1, descending=True, stable=True)
    before = ordered.double().cumsum(-1) - ordered.double()  # what the likelier ones have together
    out = (before >= p).scatter(-1, order, before >= p)
    return logits.masked_fill(out, -torch.inf)


def drawn(log_probs: Tensor, uniform: Tensor) -> Tensor:
    """The token at which the cumulative law passes a uniform number: (B, V), (B,) in [0, 1) → (B,) int64.

    A token of probability 0 is never drawn.

    >>> drawn(torch.tensor([[0.25, 0.0, 0.75]]).log().expand(3, 3), torch.tensor([0.0, 0.24, 0.26])).tolist()
    [0, 0, 2]
    """
    cumulative = log_probs.double().exp().cumsum(-1)
    total = cumulative[..., -1:]
    place = torch.minimum(uniform.to(cumulative)[..., None] * total, total.nextafter(torch.zeros_like(total)))
    return torch.searchsorted(cumulative, place, right=True)[..., 0]
