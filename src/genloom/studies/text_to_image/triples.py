"""Unseen combinations, measured without any further training: sets of three that no training picture shows."""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.labelsets import multi_hot, named
from genloom.metrics.interval import Interval
from genloom.recipes.show_labels import labels_canvas
from genloom.report.numbers import at_least, fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.iclevr.held_out import difference
from genloom.studies.iclevr.judged import Judged, cell, judge_sets
from genloom.studies.iclevr.work import ddpm, judge, labels_of, names, pictures
from genloom.studies.study import Answer, deliverable
from genloom.studies.text_to_image.own_model import HOW, sizes

_SHOWN = 16


class Chosen(NamedTuple):
    """Label sets of three, (T, K) each: those that no training picture shows, and beside each one that some do, with
    two of the same objects. `missing` counts all of the first kind."""

    new: Tensor
    old: Tensor
    missing: int


@deliverable("triples", "Unseen combinations",
             question="Ask for three objects that training never showed together: are they drawn as well as three that "
                      "it did?")
def triples(context: Context) -> Answer:
    """The same model on sets of three that it never saw, beside sets that it did see."""
    chosen = chosen_sets(context)
    if not len(chosen.new):
        return Answer(missing="These training pictures show every set of three objects, so none is new to the model.")
    new, old = judged(context, chosen.new, "unseen"), judged(context, chosen.old, "seen")
    gap = difference(new, old)
    return Answer(
        text=(
            HOW,
            f"Of {number(_all(context))} sets of three objects {number(chosen.missing)} are in no training picture. "
            f"{len(chosen.new)} of them are asked for, and beside each a set with two of the same objects that "
            f"training did show. Any two of their objects are together in at least {_least(context, chosen.new)} "
            "training pictures; what is new is that the three meet.",
            f"Label accuracy is {new.micro.value:.3f} on the new sets and {old.micro.value:.3f} on the others, a "
            f"difference of {fixed(100 * gap.value, 1)} points [{fixed(100 * gap.low, 1)}, "
            f"{fixed(100 * gap.high, 1)}]; all three objects are there in {new.share.whole.value:.1%} and in "
            f"{old.share.whole.value:.1%}. {_verdict(gap)}",
            "That is the mild form of the question, since only the third object is unusual. The strict one, with pairs "
            "that never meet, needs a model that was trained without them: the next item.",
        ),
        figures=(_figure(context, chosen),),
        tables=(_table(new, old),),
        results=tuple(_results(context, chosen, new, old, gap)),
        source="Lake & Baroni 2018; Okawa et al. 2023; Huang et al. 2023",
    )


def chosen_sets(context: Context) -> Chosen:
    """Random ones among the sets of three that no training picture shows, each with a partner that some do show."""
    return context.once("triples", lambda: _chosen(context))


def _chosen(context: Context) -> Chosen:
    labels, objects = labels_of(pictures(context).train), names(context)
    shown = {tuple(row) for row in (each.nonzero()[:, 0].tolist() for each in labels) if len(row) == 3}
    never = [each for each in combinations(range(len(objects)), 3) if each not in shown]
    random = generator(context.seed, 0x747269706C65)
    new, old = list[tuple[int, ...]](), list[tuple[int, ...]]()
    for k in torch.randperm(len(never), generator=random).tolist():
        if len(new) == sizes(context).triples:
            break
        near_by = [tuple(sorted((*pair, other))) for pair in combinations(never[k], 2) for other in range(len(objects))
                   if other not in never[k]]
        known = [each for each in near_by if each in shown]
        if known:
            new.append(never[k])
            old.append(known[int(torch.randint(len(known), (), generator=random))])
    made = [multi_hot([[objects[i] for i in each] for each in part], objects) for part in (new, old)]
    return Chosen(made[0], made[1], len(never))


def judged(context: Context, sets: Tensor, name: str) -> Judged:
    """The model's pictures of label sets, several of each, as the evaluator sees them."""
    def said() -> Judged:
        count = sizes(context).again
        context.screen.say(f"drawing {count * len(sets)} pictures: {name} sets of three")
        return judge_sets(judge(context), [ddpm(context).draw(sets, context.seed + k) for k in range(count)], sets)

    return context.once(("judged triples", name), said)


def _all(context: Context) -> int:
    return sum(1 for _ in combinations(names(context), 3))


def _least(context: Context, sets: Tensor) -> int:
    """The fewest training pictures that two objects of a set share."""
    labels = labels_of(pictures(context).train).double()
    both = labels.T @ labels
    return int(min(both[i, j] for row in sets for i, j in combinations(row.nonzero()[:, 0].tolist(), 2)))


def _verdict(gap: Interval) -> str:
    if gap.high < 0:
        return "What never met is drawn worse."
    if gap.low > 0:
        return "What never met is drawn even better, which only chance can explain."
    return "No difference is to be told."


def _table(new: Judged, old: Judged) -> Table:
    rows = [(name, str(found.sets), cell(found.micro), cell(found.share.whole))
            for name, found in (("never seen together", new), ("seen in training", old))]
    rows.append(("chance", "—", f"{new.chance.micro:.3f}", f"{new.chance.whole:.4f}"))
    return Table(header=("", "label sets", "label accuracy", "all three objects"), rows=tuple(rows),
                 caption="Sets of three objects; the two kinds share two objects of each set.")


def _results(context: Context, chosen: Chosen, new: Judged, old: Judged, gap: Interval) -> Iterator[Result]:
    luck = new.chance
    shown = {tuple(row) for row in labels_of(pictures(context).train).tolist()}
    yield near(Result(name="new sets that a training picture shows all the same", n=len(chosen.new), known=0,
                      value=sum(tuple(row) in shown for row in chosen.new.tolist()), known_name="none"), 0)
    for name, found in (("never seen together", new), ("seen in training", old)):
        result = Result(name=f"label accuracy of three objects {name}", value=found.micro.value, known=luck.micro,
                        known_name="chance", n=found.micro.n, interval=(found.micro.low, found.micro.high),
                        tolerance="above chance by four standard deviations")
        yield at_least(result, luck.micro + 4 * luck.spread)
    yield Result(name="difference, never seen minus seen", value=gap.value, known=0.0, n=gap.n,
                 known_name="a model of objects", interval=(gap.low, gap.high))


def _figure(context: Context, chosen: Chosen) -> Figure:
    sets = chosen.new[:_SHOWN]
    made = ddpm(context).draw(sets, context.seed)
    said = judge(context).accuracy(made, sets).said
    return context.figure(labels_canvas(made, sets, names(context), said), "triples", run=ddpm(context).trained,
                          caption="Sets of three objects that no training picture shows; ✗ marks an object that the "
                                  "evaluator does not name.",
                          alt=f"{len(sets)} pictures: " + "; ".join(", ".join(each)
                                                                    for each in named(sets, names(context))))
