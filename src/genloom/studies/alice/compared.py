"""How probable sentences are: held-out ones, their words in random order, and sentences about something else."""

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from genloom.autoregressive.scoring import score
from genloom.metrics.interval import Interval, mean_interval
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, fixed, measured
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.alice.sentences import scored
from genloom.studies.alice.underflow import KINDS, excerpt, limit
from genloom.studies.alice.work import SENTENCE, model
from genloom.studies.context import Context

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HELD, MIXED, OTHER = "held-out sentences", "their words in random order", "about something else"
ELSEWHERE = (
    SENTENCE + ".",
    "The share price of the company fell by three per cent on Tuesday.",
    "Install the latest driver and restart your laptop before you update the firmware.",
    "Protons are made of two up quarks and one down quark.",
    "The parliament passed the budget with a narrow majority last night.",
)
"""Sentences of today's English that no book of a hundred years ago has."""


def groups(context: Context) -> dict[str, list[float]]:
    """Bits a byte of each sentence, by group; those of the first two are pairs."""
    return context.once("groups", partial(_groups, context))


def _groups(context: Context) -> dict[str, list[float]]:
    held = [" ".join(each.split()) for each in scored(context)]
    mixed = [shuffled(each, context.seed, number) for number, each in enumerate(held)]
    return {name: [bits(context, each) for each in some]
            for name, some in ((HELD, held), (MIXED, mixed), (OTHER, ELSEWHERE)) if some}


def shuffled(text: str, seed: int, number: int) -> str:
    """The words of a text in random order, which is a function of the seed and the number."""
    words = text.split()
    order = torch.randperm(len(words), generator=generator(seed, number, len(words))).tolist()
    return " ".join(words[k] for k in order)


def bits(context: Context, text: str) -> float:
    """−log2 p of a text per byte, after what texts begin after."""
    made = model(context)
    found = score(made.gpt, made.tokenizer.encode(text), made.before)
    return -found.total / math.log(2) / len(text.encode())


def gain(context: Context) -> Interval | None:
    """Bits a byte that the order of words is worth; None where there are no held-out sentences."""
    found = groups(context)
    return mean_interval([b - a for a, b in zip(found[HELD], found[MIXED], strict=True)]) if HELD in found else None


def compared_said(context: Context) -> tuple[str, ...]:
    """The groups in words."""
    found, worth = groups(context), gain(context)
    if worth is None:
        return ("The test text has no sentences to compare with.",)
    means = {name: sum(values) / len(values) for name, values in found.items()}
    return (f"Is this much? {len(found[HELD])} held-out sentences, each in one line, cost {fixed(means[HELD], 2)} bits "
            f"a byte on average; the same words in random order {fixed(means[MIXED], 2)}, which is "
            f"{fixed(worth.value, 2)} more [{fixed(worth.low, 2)}, {fixed(worth.high, 2)}]: what the model knows "
            f"beyond single words. Sentences about something else cost {fixed(means[OTHER], 2)}: log-probability tells "
            "what is like the book, not what is good or true.",)


def compared_results(context: Context) -> list[Result]:
    """The order of words must be worth something; other texts must cost more."""
    found, worth = groups(context), gain(context)
    if worth is None:
        return []
    rows = [at_least(Result(name="bits a byte that the order of words is worth", value=worth.value, unit="bits",
                            known=0.0, known_name="a model that counts words", n=worth.n,
                            interval=(worth.low, worth.high), tolerance="above 0 by its interval"),
                     worth.value - worth.low if math.isfinite(worth.low) else 0.0)]
    for name in (MIXED, OTHER):
        each, base = mean_interval(found[name]), sum(found[HELD]) / len(found[HELD])
        rows.append(at_least(Result(name=f"bits a byte, {name}", value=each.value, unit="bits", known=base,
                                    known_name=HELD, n=each.n, interval=(each.low, each.high)), base))
    return rows


def compared_table(context: Context) -> Table:
    """Means and ends of each group."""
    rows = []
    for name, values in groups(context).items():
        each = mean_interval(values)
        rows.append((name, str(each.n), measured(Result(name="", value=each.value, interval=(each.low, each.high))),
                     fixed(min(values), 2), fixed(max(values), 2), fixed(-each.value * math.log(2), 3)))
    return Table(header=("sentences", "n", "bits a byte, mean", "least", "most", "log p a byte, nats"),
                 rows=tuple(rows), caption="Each after what texts begin after; Student's 95 % intervals.")


def compared_figure(context: Context) -> Figure:
    """The groups, and the product of the probabilities of a text as it grows."""
    figure, (left, right) = canvas(9.4, 3.2, 1, 2)
    _groups_drawn(left, groups(context))
    _products(right, excerpt(context))
    told = "; ".join(f"{name} {sum(values) / len(values):.2f} bits a byte" for name, values in groups(context).items())
    return context.figure(figure, "log-prob", run=model(context).trained,
                          caption="Left: bits a byte of each sentence, and the means. Right: log10 of the product of "
                                  "the probabilities of test text; dashed, where float32 and float64 have nothing but "
                                  "0.", alt=told)


@styled()
def _groups_drawn(axes: "Axes", found: dict[str, list[float]]) -> None:
    for row, (name, values) in enumerate(found.items()):
        places = row + 0.22 * (np.arange(len(values)) / max(1, len(values) - 1) - 0.5)
        axes.scatter(values, places, s=12, color=COLORS[row], alpha=0.6, linewidths=0, label=name)
        axes.plot([sum(values) / len(values)] * 2, [row - 0.3, row + 0.3], color=COLORS[row], linewidth=2)
    axes.set_yticks(range(len(found)), list(found))
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set(xlabel="bits per byte")
    axes.grid(visible=False, axis="y")


@styled()
def _products(axes: "Axes", logs: Sequence[float]) -> None:
    total = np.cumsum(logs) / math.log(10)
    ends = [-limit(kind) / math.log(10) for kind in KINDS]
    shown = total[: int(np.searchsorted(-total, 1.15 * -ends[-1])) + 1]
    axes.plot(np.arange(1, len(shown) + 1), shown, color=COLORS[0])
    for kind, end in zip(KINDS, ends, strict=True):
        axes.axhline(end, color=KNOWN, linewidth=1, linestyle=DASHED)
        axes.text(len(shown), end, f"{kind}: 0 ", va="bottom", ha="right", fontsize=8)
    axes.set(xlabel="tokens", ylabel="log10 of the product")
