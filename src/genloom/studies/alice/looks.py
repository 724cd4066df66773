"""Where the model looks and what its choice rests on, over many held-out sentences."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.autoregressive.ablation import ablate, spearman
from genloom.autoregressive.attribution import (
    AttentionRows,
    by_word,
    gradient_times_input,
    habits,
    rollout,
    rows_of,
    traced,
)
from genloom.metrics.interval import Interval, mean_interval
from genloom.nn.gpt import GPT
from genloom.recipes.build_gpt import make_gpt
from genloom.recipes.sentence_gpt import Sentence
from genloom.studies.alice.sentences import prompts
from genloom.studies.alice.work import model
from genloom.studies.context import Context

HABITS = ("spread", "first", "itself", "before", "distance")


class Habits(NamedTuple):
    """What one block does in the row that predicts, mean of its heads.

    spread     entropy of a head's weights over that of looking at all tokens evenly, in [0, 1]
    first      weight on the first token, `itself` on the token that looks, `before` on the one before it
    distance   mean tokens back to what is looked at, over that of looking at all evenly
    even       what `first`, `itself` and `before` are where all tokens are looked at evenly
    """

    spread: float
    first: float
    itself: float
    before: float
    distance: float
    even: float


@dataclass(frozen=True)
class Seen:
    """One sentence.

    blocks     what each block does, first block first
    elsewhere  the share of the weight of words that lies elsewhere in the first block than in the last, in [0, 1]
    effect     (W,) by how much log p falls when a word is hidden
    accounts   (W,) each, what is said to matter
    """

    blocks: tuple[Habits, ...]
    elsewhere: float
    effect: Tensor
    accounts: dict[str, Tensor]


LAST, FIRST, ROLLOUT, GRADIENT = ("attention, last block", "attention, first block", "attention rollout",
                                  "gradient × input")
NEAR = "nearness"
ITSELF = "the effects themselves"
"""Names of accounts: two controls are the nearness of a word, which looks at no model, and the effects themselves."""


def seen(context: Context) -> tuple[Seen, ...]:
    """Of each held-out opening, by the trained model."""
    return context.once("seen", lambda: tuple(_seen(model(context).gpt, each) for each in prompts(context)))


def untaught(context: Context) -> tuple[tuple[Habits, ...], ...]:
    """The habits of a network that nothing has taught, on the same sentences."""
    return context.once("untaught", partial(_untaught, context))


def _untaught(context: Context) -> tuple[tuple[Habits, ...], ...]:
    made = model(context)
    gpt = make_gpt(made.recipe, made.tokenizer.vocabulary).to(made.gpt.token_table.weight.device).eval()
    return tuple(_habits(rows_of(traced(gpt, each.tokens), each.place), each.tokens) for each in prompts(context))


def _seen(gpt: GPT, each: Sentence) -> Seen:
    trace = traced(gpt, each.tokens)
    rows, words = rows_of(trace, each.place), each.words
    effect = -ablate(gpt, each.prefix, words, each.targets).hidden
    first, last = (row.by_word(words).weights.mean(0) for row in (rows[0], rows[-1]))
    accounts = {LAST: last, FIRST: first, ROLLOUT: by_word(rollout(trace, each.place), words),
                GRADIENT: by_word(gradient_times_input(gpt, each.prefix, each.targets), words),
                NEAR: torch.arange(len(words), dtype=torch.float64), ITSELF: effect}
    return Seen(_habits(rows, each.tokens), 0.5 * (first - last).abs().sum().item(), effect, accounts)


def _habits(rows: Sequence[AttentionRows], tokens: Tensor) -> tuple[Habits, ...]:
    return tuple(_of_block(row, tokens) for row in rows)


def _of_block(row: AttentionRows, tokens: Tensor) -> Habits:
    """The means over the heads."""
    heads, count = habits(row, tokens), row.place + 1
    entropies = torch.special.entr(row.weights).sum(1)
    back = row.weights[:, :count] @ torch.arange(row.place, -1, -1, dtype=torch.float64)
    return Habits(spread=entropies.mean().item() / math.log(count), first=_mean(heads, "first"),
                  itself=_mean(heads, "itself"), before=_mean(heads, "before"),
                  distance=back.mean().item() / (row.place / 2), even=1 / count)


def _mean(heads: Sequence[object], name: str) -> float:
    values: list[float] = [getattr(each, name) for each in heads]
    return sum(values) / len(values)


def habit(found: Sequence[tuple[Habits, ...]], name: str, block: int) -> Interval:
    """The mean of a habit over the sentences, with its interval."""
    return mean_interval([getattr(each[block], name) for each in found])


def change(context: Context, name: str) -> Interval:
    """By how much a habit of the last block exceeds that of the first, sentence by sentence."""
    return mean_interval([getattr(each.blocks[-1], name) - getattr(each.blocks[0], name) for each in seen(context)])


class Account(NamedTuple):
    """How well an account tells what matters, over the sentences.

    rank     mean rank correlation with the effects of hiding words
    top      share of sentences whose word of the largest value is the one that matters most
    fall     mean fall of log p when that word is hidden
    n        sentences in which there is a correlation
    """

    rank: Interval
    top: float
    fall: Interval
    n: int


def account(context: Context, name: str) -> Account:
    """Of one account."""
    every = seen(context)
    ranks = [rho for each in every if not math.isnan(rho := spearman(each.accounts[name], each.effect))]
    places = [int(each.accounts[name].argmax()) for each in every]
    falls = [each.effect[place].item() for each, place in zip(every, places, strict=True)]
    right = [place == int(each.effect.argmax()) for each, place in zip(every, places, strict=True)]
    return Account(mean_interval(ranks or [0.0]), sum(right) / len(right), mean_interval(falls), len(ranks))


def by_chance(context: Context, of: Callable[[Tensor], float]) -> float:
    """The mean over the sentences of what a function says of the effects."""
    values = [of(each.effect) for each in seen(context)]
    return sum(values) / len(values)
