"""The inversion lab: what stands in front of a language model when it says a given sentence."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor

from genloom.autoregressive.discrete import Search, search
from genloom.autoregressive.inversion import Inversion, Nearest, TableScale, invert, nearest, table_scale
from genloom.autoregressive.reading import Reading, Standing, said, standing
from genloom.autoregressive.tokenizer import Tokenizer
from genloom.errors import InputError
from genloom.metrics.interval import wilson_interval
from genloom.nn.gpt import GPT
from genloom.rng import generator


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is tried.

    reading    where the sentence is read
    length     vectors, and tokens of a prompt; 0 is as many as the sentence has tokens
    count      starts; `seed` with the number of a start is what its first vectors depend on
    steps      most steps of each; `rate`, the step in units of the spread of the tokens' vectors
    control    whether the tokens of the sentence in random order are tried, too
    searches   searches for tokens, the first from the tokens nearest to the best vectors; 0 is none
    exchanges  steps of a search, `top` and `batch` as of `autoregressive.discrete.search`
    """

    reading: Reading = "outputs"
    length: int = 0
    count: int = 20
    seed: int = 0
    steps: int = 500
    rate: float = 0.3
    control: bool = False
    searches: int = 0
    exchanges: int = 100
    top: int = 64
    batch: int = 128


@dataclass(frozen=True)
class Inverted:
    """All that was found for one sentence.

    before     log p of the sentence's tokens, (T,), after nothing but what texts begin after
    found      the inversion, and `near` the tokens nearest to its vectors
    scale      how far apart the tokens' vectors are
    spoken     (S, T) what the model says of the nearest tokens, and `stands` how the sentence stands then
    control    the inversion of the sentence's tokens in random order
    searches   for tokens
    """

    text: str
    pieces: tuple[str, ...]
    plan: Plan
    before: Tensor
    found: Inversion
    near: Nearest
    scale: TableScale
    spoken: Tensor
    stands: Standing
    control: Inversion | None
    searches: tuple[Search, ...]

    @property
    def exact(self) -> int:
        """How many starts say the sentence."""
        return int(self.found.exact.sum())

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share of starts that do, 95 %."""
        return interval(self.found)

    @property
    def steps(self) -> float | None:
        """The median of the steps of those that do."""
        needed = [at for at in self.found.steps if at is not None]
        return float(median(needed)) if needed else None

    @property
    def away(self) -> Tensor:
        """(S,) mean distance of the vectors from the nearest token, in units of the spacing of the tokens."""
        return self.near.distances.mean(1) / self.scale.spacing

    @property
    def survives(self) -> Tensor:
        """(S,) whether the sentence is still said of the nearest tokens."""
        return (self.spoken == self.found.target).all(1)


def interval(found: Inversion) -> tuple[float, float]:
    """Of the share of starts that are exact, 95 %. [Wilson 1927]"""
    share = wilson_interval(int(found.exact.sum()), len(found.exact))
    return share.low, share.high


def invert_sentence(gpt: GPT, tokenizer: Tokenizer, before: Sequence[int], text: str, plan: Plan, *,
                    say: Callable[[str], None] = lambda line: None) -> Inverted:
    """Vectors for a sentence, the tokens nearest to them, and tokens that are searched for.

    before   tokens that texts begin after
    say      told what is being done

    Errors: `InputError` for an empty sentence, or one that does not fit into the context.
    """
    text = text.strip()
    target = torch.tensor(tokenizer.encode(text), dtype=torch.long)
    if not len(target):
        raise InputError("SENTENCE", text, "some text", 'write it in quotes: genloom invert RUN "a sentence"')
    how: dict[str, Any] = {"reading": plan.reading, "length": plan.length, "seed": plan.seed}
    alike = {**how, "count": plan.count, "steps": plan.steps, "rate": plan.rate}
    say(f"{plan.count} starts, at most {plan.steps} steps each …")
    found = invert(gpt, target, **alike)
    near = nearest(gpt, found.vectors)
    vectors = gpt.embed(near.tokens.to(gpt.token_table.weight.device)).detach()
    device = vectors.device
    control = None
    if plan.control:
        say("the same tokens in random order …")
        order = torch.randperm(len(target), generator=generator(plan.seed, len(target)))
        control = invert(gpt, target[order], **alike)
    searches = []
    for number in range(plan.searches):
        say(f"search {number + 1} of {plan.searches} for tokens, at most {plan.exchanges} steps …")
        first = near.tokens[int(found.log_probs.mean(1).argmax())] if number == 0 else None
        searches.append(search(gpt, target, **how, steps=plan.exchanges, top=plan.top, batch=plan.batch, number=number,
                               start=first, allowed=_allowed(tokenizer)))
    return Inverted(text, tuple(tokenizer.piece(token).decode("utf-8", "replace") for token in target.tolist()), plan,
                    _alone(gpt, before, target), found, near, table_scale(gpt),
                    said(gpt, vectors, len(target), plan.reading).cpu(),
                    standing(gpt, vectors, target.to(device), plan.reading), control, tuple(searches))


def _allowed(tokenizer: Tokenizer) -> Tensor:
    """All tokens but the separator, which no text has."""
    allowed = torch.ones(tokenizer.vocabulary, dtype=torch.bool)
    if tokenizer.separator is not None:
        allowed[tokenizer.separator] = False
    return allowed


def _alone(gpt: GPT, before: Sequence[int], target: Tensor) -> Tensor:
    """log p of the tokens of a sentence that stands alone, (T,)."""
    vectors = gpt.embed(torch.tensor([list(before)], device=gpt.token_table.weight.device)).detach()
    if len(before) + len(target) - 1 > gpt.shape.context:
        return torch.full((len(target),), math.nan, dtype=torch.float64)
    return standing(gpt, vectors, target.to(vectors.device), "continuation").log_probs[0]


def retyped(found: Search, tokenizer: Tokenizer) -> bool:
    """Whether a prompt that was found is what its text is read as, so that a person could type it."""
    tokens = found.tokens.tolist()
    return tokenizer.encode(tokenizer.decode(tokens)) == tokens


def as_json(found: Inverted, tokenizer: Tokenizer) -> dict[str, Any]:
    """All numbers but the vectors, as plain data."""
    inversion = found.found
    starts = [{"exact": exact, "steps": at, "says": tokenizer.decode(spoken), "log_probs": logs, "ranks": ranks,
               "away": away, "nearest": {"tokens": near, "text": tokenizer.decode(near), "exact": survives,
                                         "says": tokenizer.decode(then), "log_probs": later}}
              for exact, at, spoken, logs, ranks, away, near, survives, then, later in zip(
                  inversion.exact.tolist(), inversion.steps, inversion.spoken.tolist(), inversion.log_probs.tolist(),
                  inversion.ranks.tolist(), found.away.tolist(), found.near.tokens.tolist(), found.survives.tolist(),
                  found.spoken.tolist(), found.stands.log_probs.tolist(), strict=True)]
    return {
        "sentence": found.text, "tokens": list(found.pieces), "reading": found.plan.reading,
        "length": inversion.vectors.shape[1], "seed": found.plan.seed, "exact": found.exact, "starts": len(starts),
        "interval": list(found.interval), "median_steps": found.steps, "spacing": found.scale.spacing,
        "norm": found.scale.norm, "alone": found.before.tolist(), "each": starts, "curve": inversion.curve.tolist(),
        "control": None if found.control is None else {
            "says": tokenizer.decode(found.control.target.tolist()), "exact": int(found.control.exact.sum()),
            "steps": list(found.control.steps)},
        "searches": [_search_json(each, tokenizer) for each in found.searches],
    }


def _search_json(each: Search, tokenizer: Tokenizer) -> dict[str, Any]:
    return {"exact": each.exact, "steps": each.steps, "prompt": tokenizer.decode(each.tokens.tolist()),
            "tokens": each.tokens.tolist(), "says": tokenizer.decode(each.spoken.tolist()),
            "log_probs": each.log_probs.tolist(), "ranks": each.ranks.tolist(), "curve": each.curve.tolist(),
            "worst": each.worst.tolist(), "copied": each.copied, "retyped": retyped(each, tokenizer)}
