"""Attribute binding, measured: two objects whose colours are exchanged."""

from collections.abc import Mapping
from itertools import combinations
from math import comb
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.labelsets import COLOURS, SHAPES, named
from genloom.metrics.interval import Interval
from genloom.metrics.label_accuracy import answers
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, at_most, fixed
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import cell
from genloom.studies.iclevr.work import ddpm, names
from genloom.studies.study import Answer, deliverable
from genloom.studies.text_to_image.own_model import HOW, Seen, drawn, hot, real, sizes

_SHOWN = 8
_KINDS = ("both right", "colours exchanged", "one of each", "one right", "neither")


class Binding(NamedTuple):
    """What is seen of pairs whose colours may be exchanged.

    shares   of the pictures, by `_KINDS`: both objects as asked for; both as in the other set; one of this and one of
             the other; one as asked for beside something else; the rest
    heard    share in which the set that was asked for has higher logits than the one with the colours exchanged
    """

    seen: Seen
    shares: Mapping[str, Interval]
    heard: Interval


@deliverable("exchanged", "Attribute binding: colours exchanged",
             question="Ask for a red cube and a blue sphere, and for a blue cube and a red sphere: does the model know "
                      "which colour belongs to which shape?")
def exchanged(context: Context) -> Answer:
    """All pairs of two colours and two shapes, both ways, from the same noise."""
    made = binding(context)
    known = context.once("real exchanged", lambda: _judged(context, real(context, pairs_of(context))))
    luck = chance(len(names(context)))
    return Answer(
        text=(
            HOW,
            f"There are {len(pairs_of(context)) // 2} pairs of label sets that have the same two colours and the same "
            "two shapes. Told apart they are by the binding alone: a reader to whom a text is a bag of words draws "
            "either of them, and is right half of the time.",
            f"The set that was asked for looks likelier to the evaluator than the exchanged one in "
            f"{made.heard.value:.1%} of the model's pictures, and in {known.heard.value:.1%} of real ones. Both "
            f"objects are as asked for in {made.shares['both right'].value:.1%}; colours are exchanged in "
            f"{made.shares['colours exchanged'].value:.1%}.",
            _verdict(made, known),
            "A model of texts has a harder task. Here every object is one word, so that colour and shape come bound; "
            "there they are two words of a sentence, and a network that was never rewarded for it must find which "
            "belongs to which.",
        ),
        figures=(_figure(context, made),),
        tables=(_table(made, known, luck),),
        results=tuple(_results(made, known, luck)),
        source="Yuksekgonul et al. 2023; Thrush et al. 2022; Rassin et al. 2023",
    )


def pairs_of(context: Context) -> Tensor:
    """Label sets of two objects, (2P, K): row k + P has the colours of row k exchanged."""
    there = set(names(context))
    one, other = list[tuple[str, str]](), list[tuple[str, str]]()
    for (first, second), (left, right) in ((pair, shapes) for pair in combinations(COLOURS, 2)
                                           for shapes in combinations(SHAPES, 2)):
        both = ((f"{first} {left}", f"{second} {right}"), (f"{second} {left}", f"{first} {right}"))
        if there.issuperset(both[0] + both[1]):
            one.append(both[0])
            other.append(both[1])
    return hot(context, [*one, *other])


def binding(context: Context) -> Binding:
    """Of the model's pictures; a set and its exchanged one have the same noise."""
    def work() -> Binding:
        sets = pairs_of(context)
        half, seeds = len(sets) // 2, sizes(context).seeds
        # drawn apart, since the noise of a picture is that of its place among those that are drawn together
        one, other = (drawn(context, part, seeds, "colours exchanged") for part in (sets[:half], sets[half:]))
        return _judged(context, Seen(torch.cat([one.pictures, other.pictures]), torch.cat([one.sets, other.sets]),
                                     torch.cat([one.groups, other.groups + half]),
                                     torch.cat([one.logits, other.logits])))

    return context.once("exchanged", work)


def chance(things: int) -> float:
    """That two answers out of K are two given ones, of one who does not look."""
    return 1 / comb(things, 2)


def partner(sets: Tensor, pairs: Tensor) -> Tensor:
    """Of each row of `sets` (N, K) the row with the colours exchanged; `pairs` as `pairs_of`."""
    half = len(pairs) // 2
    turned = torch.cat([pairs[half:], pairs[:half]])
    place = (sets[:, None] == pairs[None]).all(2).int().argmax(1)
    return turned[place]


def _judged(context: Context, seen: Seen) -> Binding:
    other = partner(seen.sets, pairs_of(context))
    kinds = sort(answers(seen.logits, seen.sets), seen.sets, other)
    score = (seen.logits * (seen.sets.double() - other.double())).sum(1)
    return Binding(seen, {name: seen.share(kinds == k) for k, name in enumerate(_KINDS)}, seen.share(score > 0))


def sort(said: Tensor, sets: Tensor, other: Tensor) -> Tensor:
    """The place in `_KINDS` of each picture, (N,), from two answers, two objects and the two exchanged ones."""
    right, turned = (said & sets.bool()).sum(1), (said & other.bool()).sum(1)
    kinds = torch.full((len(said),), _KINDS.index("neither"))
    kinds[right == 1] = _KINDS.index("one right")
    kinds[(right == 1) & (turned == 1)] = _KINDS.index("one of each")
    kinds[turned == 2] = _KINDS.index("colours exchanged")
    kinds[right == 2] = _KINDS.index("both right")
    return kinds


def _verdict(made: Binding, known: Binding) -> str:
    if made.heard.low <= 0.5:
        return "Which colour belongs to which shape it does not know: half is what a bag of words would reach."
    if made.heard.high >= known.heard.low:
        return "As far as the evaluator can tell it knows which colour belongs to which shape."
    return "It knows, but less surely than real pictures show it: some pairs are drawn the wrong way round."


def _table(made: Binding, known: Binding, luck: float) -> Table:
    rows = []
    for name, each in (("the model", made), ("real pictures", known)):
        rows.append((name, str(each.seen.share(torch.ones(len(each.seen.sets), dtype=torch.bool)).n), cell(each.heard),
                     *(cell(each.shares[kind]) for kind in _KINDS)))
    rows.append(("a bag of words", "—", "0.5", "0.5", "0.5", "0", "0", "0"))
    rows.append(("no look at the set", "—", "0.5", f"{luck:.4f}", f"{luck:.4f}", "—", "—", "—"))
    return Table(header=("", "pictures", "own set likelier", *_KINDS), rows=tuple(rows),
                 caption="Shares of pictures of two objects; the evaluator names two in each. A bag of words draws one "
                         "of the two sets, whichever.")


def _results(made: Binding, known: Binding, luck: float) -> list[Result]:
    n = made.heard.n
    limit = 0.5 + 4 * (0.25 / n) ** 0.5
    heard = Result(name="pictures in which the set that was asked for is likelier", value=made.heard.value, known=0.5,
                   known_name="a bag of words", n=n, interval=(made.heard.low, made.heard.high),
                   tolerance=f"above {fixed(limit, 3)}, four standard deviations")
    right, turned = made.shares["both right"], made.shares["colours exchanged"]
    real_right = known.shares["both right"]
    return [
        at_least(heard, limit),
        Result(name="the same of real pictures", value=known.heard.value, known=1.0, known_name="a perfect evaluator",
               n=known.heard.n, interval=(known.heard.low, known.heard.high)),
        Result(name="pictures with both objects as asked for", value=right.value, known=real_right.value, n=n,
               known_name="real pictures", interval=(right.low, right.high)),
        at_most(Result(name="pictures with the colours exchanged", value=turned.value, known=luck, n=n,
                       known_name="no look at the set", interval=(turned.low, turned.high),
                       tolerance="fewer than are right"), right.value),
    ]


def _figure(context: Context, made: Binding) -> Figure:
    half = len(pairs_of(context)) // 2
    step = max(1, half // _SHOWN)
    places = list(range(0, half, step))[:_SHOWN]
    whole = len(made.seen.pictures) // 2
    rows = {"as below": made.seen.pictures[places], "exchanged": made.seen.pictures[[whole + k for k in places]]}
    words = named(made.seen.sets[places], names(context))
    labels = ["\n".join(each) for each in words]
    return context.figure(rows_figure(rows, labels, cell=1.05), "exchanged", run=ddpm(context).trained,
                          caption="Above, pictures of the sets that are named; below, of the same with the colours "
                                  "exchanged, from the same noise.",
                          alt=f"Two rows of {len(places)} pictures: {'; '.join(' and '.join(each) for each in words)}")
