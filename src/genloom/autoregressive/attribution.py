"""Where a prediction looks: a row of attention, before and after softmax, in each head and on average."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.autoregressive.words import Word
from genloom.errors import InputError
from genloom.nn.gpt import GPT, Trace


@dataclass(frozen=True)
class AttentionRows:
    """The row of one token in one block, in all heads; float64 on the CPU.

    block      its number, the first is 0
    place      the token that looks, which is the last one before what is predicted
    scores     (H, L) q kᵀ / √d with every token of the text, those after `place` too
    masked     (H, L) the same, −∞ after `place`
    weights    (H, L) softmax of the masked scores: each head's sum to 1, and so does their average
    """

    block: int
    place: int
    scores: Tensor
    masked: Tensor
    weights: Tensor

    @property
    def mean_scores(self) -> Tensor:
        """(L,) scores averaged over the heads; their softmax is not the average of the weights."""
        return self.scores.mean(0)

    @property
    def mean_weights(self) -> Tensor:
        """(L,) weights averaged over the heads."""
        return self.weights.mean(0)

    @property
    def sums(self) -> "Sums":
        """What the row adds up to, averaged over the heads."""
        seen = self.scores[:, : self.place + 1]
        return Sums(scores=self.scores.sum(1).mean().item(), seen=seen.sum(1).mean().item(),
                    masked=self.masked.sum(1).mean().item(), weights=self.weights.sum(1).mean().item())

    def by_word(self, words: tuple[Word, ...]) -> "WordRows":
        """The row with the pieces of each word put together, words that begin after `place` left out.

        A word's weight is the sum of its tokens', and its score log Σ exp of theirs, so that the softmax of the scores
        of words is the weights of words in each head.
        """
        mine = tuple(word for word in words if word.first <= self.place)
        tokens = [slice(word.first, min(word.last, self.place) + 1) for word in mine]
        scores = torch.stack([self.masked[:, each].logsumexp(1) for each in tokens], 1)
        weights = torch.stack([self.weights[:, each].sum(1) for each in tokens], 1)
        return WordRows(mine, scores, weights)


@dataclass(frozen=True)
class Sums:
    """Sums of a row, averaged over the heads.

    scores    of all scores; adding one vector to every key changes it and nothing else in the network
    seen      of the scores of the tokens that may be looked at
    masked    of the masked scores: −∞ where a token comes after
    weights   1
    """

    scores: float
    seen: float
    masked: float
    weights: float


@dataclass(frozen=True)
class WordRows:
    """A row by word: scores and weights (H, W) of the words that may be looked at."""

    words: tuple[Word, ...]
    scores: Tensor
    weights: Tensor


def by_word(values: Tensor, words: Sequence[Word]) -> Tensor:
    """The sum of the values (L,) of each word's tokens: (W,)."""
    return torch.stack([values[word.tokens].sum() for word in words])


def rows(gpt: GPT, tokens: Tensor, place: int, block: int) -> AttentionRows:
    """The row of the token at `place` in one block, which leads to the prediction of the token after it.

    tokens   (L,) int64; they may go on after `place`, which changes nothing but the unmasked scores
    place    of the token that looks, in [0, L)
    block    its number; −1 is the last one

    Errors: `InputError` for a place or a block that is not there, or more tokens than the context.
    """
    return every_row(gpt, tokens, place)[block_of(gpt, block)]


def every_row(gpt: GPT, tokens: Tensor, place: int) -> tuple[AttentionRows, ...]:
    """The row of the token at `place` in each block, first block first; as `rows`."""
    return rows_of(traced(gpt, tokens), place)


@torch.no_grad()
def traced(gpt: GPT, tokens: Tensor) -> Trace:
    """What all blocks computed for tokens (L,)."""
    return gpt.trace(tokens[None].to(device_of(gpt)))


def rows_of(trace: Trace, place: int) -> tuple[AttentionRows, ...]:
    """The row of the token at `place` in each block of what was traced.

    Errors: `InputError` for a place that is not there.
    """
    length = trace.logits.shape[1]
    if not 0 <= place < length:
        raise InputError("place", place, f"in [0, {length}), the tokens of the text")
    return tuple(AttentionRows(number, place, *(part[0, :, place].double().cpu() for part in look))
                 for number, look in enumerate(trace.looks))


def block_of(gpt: GPT, block: int) -> int:
    """The number of a block, counted from the end where it is negative.

    Errors: `InputError` for one that is not there.
    """
    count = gpt.shape.blocks
    if not -count <= block < count:
        raise InputError("block", block, f"in [0, {count}), the blocks of this network")
    return block % count


def device_of(gpt: GPT) -> torch.device:
    """Where the network is."""
    return gpt.token_table.weight.device


@torch.no_grad()
def rollout(trace: Trace, place: int) -> Tensor:
    """How much of each token reaches `place` in the last block if attention were all there is: (L,), sum 1.

        R = Π_b ½ (W_b + I), with W_b the weights averaged over the heads, first block rightmost

    [Abnar & Zuidema 2020, Eq. 1]
    """
    length = trace.logits.shape[1]
    one = torch.eye(length, dtype=torch.float64)
    row = one[place]
    for look in reversed(trace.looks):
        row = row @ (0.5 * (look.weights[0].double().cpu().mean(0) + one))
    return row


def gradient_times_input(gpt: GPT, tokens: Tensor, targets: Tensor) -> Tensor:
    """∂ log p(targets) / ∂e_j · e_j for each token's vector e_j: (L,) float64, positive where it speaks for them.

    tokens    (L,) what stands before the targets
    targets   (T,) the tokens that are predicted one after the other; log p is their sum
    [Shrikumar et al. 2017; for text, Li et al. 2016]
    """
    device = device_of(gpt)
    targets = targets.to(device)
    with torch.enable_grad():
        vectors = gpt.embed(torch.cat((tokens.to(device), targets[:-1]))[None]).detach().requires_grad_()
        logits = gpt.trace(embedded=vectors).logits[0, len(tokens) - 1 :]
        total = logits.double().log_softmax(1).gather(1, targets[:, None]).sum()
        (slope,) = torch.autograd.grad(total, vectors)
    return (slope * vectors.detach())[0, : len(tokens)].sum(1).double().cpu()


@dataclass(frozen=True)
class HeadHabits:
    """What one head does in a row.

    effective   exp of the entropy of its weights: over how many tokens it spreads
    first       its weight on the first token, where heads look that have nothing to look for
    itself      on the token that looks
    before      on the token before that one
    after_same  on the tokens that followed an earlier copy of the token that looks, as induction does
    """

    effective: float
    first: float
    itself: float
    before: float
    after_same: float


def habits(found: AttentionRows, tokens: Tensor) -> tuple[HeadHabits, ...]:
    """What each head does in a row of these tokens. [Olsson et al. 2022 for induction; Xiao et al. 2024 for sinks]"""
    place, weights = found.place, found.weights
    spread = torch.special.entr(weights).sum(1).exp()
    copies = torch.zeros(weights.shape[1], dtype=torch.float64)
    copies[1 : place + 1] = (tokens[:place].cpu() == tokens[place].cpu()).double()
    return tuple(HeadHabits(effective=spread[h].item(), first=weights[h, 0].item(), itself=weights[h, place].item(),
                            before=weights[h, place - 1].item() if place else 0.0,
                            after_same=(weights[h] @ copies).item()) for h in range(len(weights)))
