"""How probable a text is to a language model: of each token, of a sentence, of a whole held-out text."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.autoregressive.windows import LEFT_OUT, FixedWindows
from genloom.errors import InputError
from genloom.nn.gpt import GPT
from genloom.nn.token_loss import log_probs


@dataclass(frozen=True, eq=False)
class Scored:
    """The log-probabilities of the tokens of one text.

    tokens      (L,) int64
    log_probs   log p(token i | those before it), (L,) float64, in nats
    ranks       how many tokens were likelier at that place, (L,) int64: 0 is the model's first choice
    """

    tokens: Tensor
    log_probs: Tensor
    ranks: Tensor

    @property
    def total(self) -> float:
        """log p(text) = Σ log p(token i | those before it)."""
        return float(self.log_probs.sum())

    @property
    def perplexity(self) -> float:
        """exp(−mean log p), as if each token were one of so many equally likely ones."""
        return math.exp(-self.total / len(self.log_probs))


@torch.no_grad()
def score(gpt: GPT, tokens: Tensor | Sequence[int], before: Sequence[int], *, stride: int = 0) -> Scored:
    """The log-probability of each token of a text, in order, given those of it before and the tokens `before`.

    What is longer than the context is cut into windows that begin `stride` tokens apart (0: half a context), so that a
    token is predicted from at least context − stride before it, where there are as many.

    Errors: `InputError` for no tokens, or none before them; for a network in training mode; for a negative stride.
    """
    if stride < 0:
        raise InputError("stride", stride, "at least 1, or 0 for half a context")
    text = torch.as_tensor(tokens, dtype=torch.int64).cpu()
    if len(text) == 0 or not before:
        raise InputError("text" if before else "before", "", "at least one token", "give a sentence")
    if gpt.training:
        raise InputError("network", "in training mode", "in evaluation mode, where nothing is dropped out")
    device = gpt.token_table.weight.device
    whole = torch.cat([torch.tensor(list(before)), text]).to(device)
    found, ranks = [], []
    for begin, end, new in strided(len(whole) - 1, gpt.shape.context, stride):
        logits = gpt(whole[None, begin:end])[:, new - begin :].double()
        targets = whole[None, new + 1 : end + 1]
        found.append(log_probs(logits, targets)[0].cpu())
        ranks.append((logits > logits.gather(2, targets[..., None])).sum(2)[0].cpu())
    return Scored(text, torch.cat(found)[len(before) - 1 :], torch.cat(ranks)[len(before) - 1 :])


def strided(length: int, context: int, stride: int = 0) -> Iterator[tuple[int, int, int]]:
    """(begin, end, new) of windows over a text: tokens begin … end − 1 go in, and what new … end − 1 predict counts.

    >>> list(strided(10, 4, 2))
    [(0, 4, 0), (2, 6, 4), (4, 8, 6), (6, 10, 8)]
    >>> list(strided(3, 4))
    [(0, 3, 0)]
    """
    step = min(stride or max(1, context // 2), context)
    new = 0
    while new < length:
        end = min(length, context if new == 0 else new + step)
        yield max(0, end - context), end, new
        new = end


class HeldOut(NamedTuple):
    """A text that no training saw: −log p of its tokens in nats, their number, and the bytes that they stand for."""

    nats: float
    tokens: int
    bytes: int

    @property
    def loss(self) -> float:
        """Nats per token."""
        return self.nats / self.tokens


@torch.no_grad()
def held_out(gpt: GPT, windows: FixedWindows) -> HeldOut:
    """What the tokens of a held-out text cost together, each counted once.

    Errors: `InputError` for a network in training mode.
    """
    if gpt.training:
        raise InputError("network", "in training mode", "in evaluation mode, where nothing is dropped out")
    device = gpt.token_table.weight.device
    nats = 0.0
    for x, y, counted in windows:
        if number := int(counted.sum()):  # whose mean is given
            targets = torch.where(counted, y, LEFT_OUT)
            nats += float(gpt(x.to(device), targets=targets.to(device))) * number
    return HeldOut(nats, windows.tokens, windows.bytes)
