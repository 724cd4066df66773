"""S2.24: vectors and tokens of which the frozen model says a given sentence."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from genloom.autoregressive.reading import Reading, said
from genloom.metrics.interval import bootstrap_interval
from genloom.recipes.explain_inversion import HOW, paragraphs
from genloom.recipes.invert_gpt import Inverted, Plan, interval, invert_sentence
from genloom.recipes.show_inversion import START_HEADER, inversion_figure, start_rows
from genloom.report.numbers import at_least, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.alice.hard_words import hard_results, hard_said, hard_tables
from genloom.studies.alice.work import SENTENCE, exact, model, sizes
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_LEAST = 10  # nats that a sentence alone must lack for its inversion to be worth anything


@deliverable("S2.24", "Inversion",
             question=f"Freeze the model and optimise the vectors that replace the token embedding until it says "
                      f"“{SENTENCE}”. Explain any special choice, and where it fails, why.")
def inversion(context: Context) -> Answer:
    """Vectors from many starts, read in two ways; the tokens nearest to them; tokens that are searched for."""
    outputs, after = (inverted(context, reading) for reading in ("outputs", "continuation"))
    tokenizer = model(context).tokenizer
    return Answer(
        text=(_choices(outputs), *paragraphs(outputs, tokenizer), f"Read {HOW['continuation']}: "
              + " ".join(paragraphs(after, tokenizer)), hard_said(context, outputs)),
        figures=tuple(_figure(context, each) for each in (outputs, after)),
        tables=(_summary([outputs, after]), *hard_tables(context, [outputs, after]),
                *(_starts(context, each) for each in (outputs, after))),
        results=(*_reached(context, outputs), *_reached(context, after), *_distances(outputs), *_searches(outputs),
                 *_searches(after), *hard_results(context, outputs)),
        formula="min over v of −1/T Σ_i log p(s_i | v)", source="problem text, 3.2.2; Zou et al. 2023, Algorithm 1 "
                                                                "(the search for tokens)",
    )


def inverted(context: Context, reading: Reading) -> Inverted:
    """The inversion in one reading: at the vectors' own outputs, as the text asks, or in what is said after them."""
    return context.once(("inverted", reading), partial(_inverted, context, reading))


def _inverted(context: Context, reading: Reading) -> Inverted:
    made, size = model(context), sizes(context)
    plan = Plan(reading=reading, count=size.starts, seed=context.seed, steps=size.steps, control=True,
                searches=size.searches, exchanges=size.exchanges, batch=size.tried)
    return invert_sentence(made.gpt, made.tokenizer, made.before, SENTENCE, plan,
                           say=lambda line: context.screen.say(f"{reading}: {line}"))


def _choices(found: Inverted) -> str:
    plan, count = found.plan, len(found.pieces)
    return (f"The special choices. The sentence has {count} tokens, so v is {count} vectors, whose i-th output is to "
            "be token i of it: AR(v)[i] = s[i], as the text has it. Places are added to v as to any tokens. Starts are "
            "normal noise with the mean and the spread of the tokens' own vectors in each channel, and Adam steps "
            f"{plan.rate:g} of that spread, so that the choice is free of the model's scale; all {plan.count} starts "
            "go down together. A start is finished when every token of the sentence leads all others by .01 of a "
            f"logit, after {plan.steps} steps at most; greedy reading then confirms it.")


def again(context: Context, found: Inverted) -> int:
    """How many starts say the sentence in float64 too, read greedily from their vectors."""
    gpt, inversion = exact(context), found.found
    spoken = said(gpt, inversion.vectors.double(), len(inversion.target), inversion.reading)
    return int((spoken.cpu() == inversion.target).all(1).sum())


def _reached(context: Context, found: Inverted) -> list[Result]:
    """The share of starts that are exact, with its interval, and the same count by other arithmetic."""
    reading, count, seeds = found.plan.reading, found.plan.count, (context.seed,)
    share = Result(name=f"exact starts, {_NAMES[reading]}", value=found.exact / count, known=1.0,
                   known_name=f"{count} of {count}", interval=found.interval, n=count, seeds=seeds)
    rows = [near(share, 0.0) if reading == "outputs" else share,
            near(Result(name=f"exact starts, {_NAMES[reading]}, read again in float64", value=again(context, found),
                        known=found.exact, known_name="in the model's own arithmetic", n=count), 0)]
    if found.steps is not None:
        rows.append(Result(name=f"steps until exact, median, {_NAMES[reading]}", value=found.steps, n=found.exact,
                           known=float(found.plan.steps), known_name="the most that were allowed", seeds=seeds,
                           interval=_median(found)))
    if found.control is not None:
        low, high = interval(found.control)
        rows.append(Result(name=f"exact starts for the same tokens in random order, {_NAMES[reading]}",
                           value=int(found.control.exact.sum()) / count, known=found.exact / count,
                           known_name="the sentence", interval=(low, high), n=count))
    return rows


_NAMES = {"outputs": "at the vectors' outputs", "continuation": "said after them"}


def _median(found: Inverted) -> tuple[float, float] | None:
    """Of the median of the steps, by the bootstrap; None for one start."""
    needed = torch.tensor([float(at) for at in found.found.steps if at is not None])
    if len(needed) < 2:
        return None
    ends = bootstrap_interval(needed, lambda rows: rows.quantile(0.5, dim=-1), seed=found.plan.seed)
    return ends.low, ends.high


def _distances(found: Inverted) -> list[Result]:
    """How far the vectors are from tokens, and what is left of the sentence there."""
    gain = (found.found.log_probs.sum(1).mean() - found.before.sum()).item()
    rows = [
        Result(name="distance of the vectors to the nearest token", value=found.away.mean().item(), unit="spacings",
               known=1.0, known_name="a token and the one nearest to it", n=found.near.tokens.numel()),
        Result(name="exact starts when the nearest tokens stand for the vectors",
               value=int(found.survives.sum()) / len(found.survives), known=found.exact / len(found.survives),
               known_name="the vectors themselves", n=len(found.survives)),
        Result(name="of them, log p of the sentence a token", value=found.stands.log_probs.mean().item(), unit="nats",
               known=found.before.mean().item(), known_name="the sentence alone", n=found.stands.log_probs.numel()),
    ]
    if math.isfinite(gain):
        rows.insert(0, at_least(Result(name="what the vectors add to log p of the sentence", value=gain, unit="nats",
                                       known=0.0, known_name="vectors that do nothing", n=len(found.survives)), _LEAST))
    return rows


def _searches(found: Inverted) -> list[Result]:
    """Whether tokens are found, and how near the best ones come."""
    if not found.searches:
        return []
    best = max(each.log_probs.mean().item() for each in found.searches)
    count, name = len(found.searches), _NAMES[found.plan.reading]
    return [Result(name=f"searches for tokens that are exact, {name}", known=found.exact / found.plan.count,
                   value=sum(each.exact for each in found.searches) / count, known_name="vectors", n=count),
            Result(name=f"log p of the sentence a token, best tokens, {name}", value=best, unit="nats",
                   known=found.found.log_probs.mean(1).max().item(), known_name="best vectors", n=count)]


def _summary(every: Sequence[Inverted]) -> Table:
    rows = []
    for found in every:
        steps = [at for at in found.found.steps if at is not None]
        span = "—" if not steps else f"{number(found.steps)} ({min(steps)} to {max(steps)})"
        searches = "—" if not found.searches else f"{sum(s.exact for s in found.searches)} of {len(found.searches)}"
        rows.append((_NAMES[found.plan.reading], f"{found.exact} of {found.plan.count}", span,
                     f"{found.away.mean().item():.2f}", f"{int(found.survives.sum())} of {found.plan.count}",
                     "—" if found.control is None else f"{int(found.control.exact.sum())} of {found.plan.count}",
                     searches))
    return Table(header=("the sentence is read", "exact", "steps, median (range)", "away, in spacings",
                         "exact by the nearest tokens", "random order exact", "searches exact"), rows=tuple(rows),
                 caption=f"Inversion to “{SENTENCE}” in two readings.")


def _starts(context: Context, found: Inverted) -> Table:
    return Table(header=START_HEADER, rows=tuple(start_rows(found, model(context).tokenizer)),
                 caption=f"Each start, {_NAMES[found.plan.reading]}.")


def _figure(context: Context, found: Inverted) -> Figure:
    path = context.folder / "figures" / f"inversion-{found.plan.reading}.png"
    drawn = inversion_figure(found, path, context.provenance(model(context).trained))
    return replace(drawn, path=path.relative_to(context.folder).as_posix(),
                   caption=f"{drawn.caption} Read {HOW[found.plan.reading]}.")
