"""Pairs of objects that training never shows together, and whether the model draws them all the same."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.labelsets import multi_hot, named
from genloom.metrics.interval import Interval, mean_interval
from genloom.recipes.show_labels import labels_canvas
from genloom.report.numbers import at_least, fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.iclevr.ablation import small
from genloom.studies.iclevr.judged import Judged, cell, judge_sets
from genloom.studies.iclevr.work import (
    Diffusion,
    ddpm_recipe,
    diffusion,
    judge,
    labels_of,
    names,
    pictures,
    seeds,
    sizes,
)
from genloom.studies.study import Answer, deliverable

_THIRDS = 3  # sets of three made of each pair
_SHOWN = 16


class Chosen(NamedTuple):
    """Pairs of objects that training never shows together, and the same objects in pairs that it does.

    left      pairs, each object in one of them
    without   every label set with such a pair, in words
    new       label sets of two and of three with such a pair, and `old` ones with another partner in its place
    """

    left: tuple[tuple[str, str], ...]
    without: tuple[str, ...]
    new: tuple[tuple[str, ...], ...]
    old: tuple[tuple[str, ...], ...]


@deliverable("unseen", "Label sets that training leaves out",
             question="Train without some label sets: does the model draw them?")
def held_out(context: Context) -> Answer:
    """Accuracy on pairs that were never seen together beside the same objects in pairs that were."""
    chosen, model = chosen_pairs(names(context)), trained(context)
    new, old = judged(context, chosen.new, "new"), judged(context, chosen.old, "old")
    gap = difference(new, old)
    return Answer(
        text=(
            f"The {len(names(context))} objects were put into {len(chosen.left)} pairs at random. A model was trained "
            f"without every picture that shows both objects of a pair, {number(_lost(context, chosen))} of "
            f"{number(len(pictures(context).train))}; it has seen each object, each colour and each shape as often as "
            f"all others. {_shown(context)}",
            f"It is then asked for {len(chosen.new)} label sets with such a pair, and for as many with the same first "
            "and third objects and another partner, which it has seen. On what it has never seen together its label "
            f"accuracy is {new.micro.value:.3f}, on the others {old.micro.value:.3f}: a difference of "
            f"{_points(gap.value)} points [{_points(gap.low)}, {_points(gap.high)}]. "
            f"{_verdict(old, gap)}",
            f"All labels of a picture are found in {new.share.whole.value:.3f} of the new sets and in "
            f"{old.share.whole.value:.3f} of the others; were labels drawn one by one without regard to each other, "
            "both would be alike.",
        ),
        figures=(_figure(context, model, chosen),),
        tables=(_table(new, old), _examples(chosen)),
        results=(
            near(Result(name="training pictures that show a pair that was left out", value=_left(model, chosen),
                        known=0, known_name="none", n=len(model.experiment.data)), 0),
            *_results(new, old, gap),
        ),
        source="Lake & Baroni 2018 (compositional generalisation); Okawa et al. 2023",
    )


def chosen_pairs(objects: Sequence[str], seed: int = 0) -> Chosen:
    """A random pairing of all objects, the label sets that it leaves out, and those to be asked for."""
    random = generator(seed, 0x50414952)
    order = [objects[i] for i in torch.randperm(len(objects), generator=random).tolist()]
    left = tuple((order[i], order[i + 1]) for i in range(0, len(order), 2))
    partner = {one: other for pair in left for one, other in (pair, pair[::-1])}
    without = [f"{one}, {other}" for one, other in left]
    without += [f"{one}, {other}, {third}" for one, other in left for third in objects if third not in (one, other)]
    new, old = list[tuple[str, ...]](), list[tuple[str, ...]]()
    for k, (one, other) in enumerate(left):
        instead = left[(k + 1) % len(left)][1]
        new.append((one, other))
        old.append((one, instead))
        free = [third for third in objects if third not in (one, other, instead, partner[instead])]
        for i in torch.randperm(len(free), generator=random)[:_THIRDS].tolist():
            new.append((one, other, free[i]))
            old.append((one, instead, free[i]))
    return Chosen(left, tuple(dict.fromkeys(without)), tuple(new), tuple(old))


def trained(context: Context) -> Diffusion:
    """The recipe on a small budget without the pairs."""
    chosen = small(ddpm_recipe(context), sizes(context).held_out)
    data = replace(chosen.data, without=chosen_pairs(names(context)).without)
    return diffusion(context.run(replace(chosen, data=data), "held-out"))


def judged(context: Context, sets: tuple[tuple[str, ...], ...], which: str) -> Judged:
    """Its pictures of some sets, with every seed."""
    def said() -> Judged:
        model, hot = trained(context), multi_hot(sets, names(context))
        context.screen.say(f"drawing {len(sets)} label sets: {which}")
        return judge_sets(judge(context), [model.draw(hot, seed) for seed in seeds(context)], hot)

    return context.once(("held out", which), said)


def difference(new: Judged, old: Judged) -> Interval:
    """Accuracy on new sets minus that on the old set beside each: Student's interval over the pairs of sets."""
    each = [_by_set(found) for found in (new, old)]
    return mean_interval(each[0] - each[1])


def _by_set(found: Judged) -> Tensor:
    count = int(found.groups.max()) + 1
    share = found.found.hits.double() / found.found.counts
    return torch.stack([share[found.groups == k].mean() for k in range(count)])


def _left(model: Diffusion, chosen: Chosen) -> int:
    return _both(labels_of(model.experiment.data), model.experiment.data.class_names, chosen)


def _lost(context: Context, chosen: Chosen) -> int:
    return _both(labels_of(pictures(context).train), names(context), chosen)


def _both(labels: Tensor, objects: Sequence[str], chosen: Chosen) -> int:
    """How many pictures show both objects of a pair."""
    place = {name: k for k, name in enumerate(objects)}
    found = torch.zeros(len(labels), dtype=torch.bool)
    for one, other in chosen.left:
        found |= (labels[:, place[one]] > 0) & (labels[:, place[other]] > 0)
    return int(found.sum())


def _shown(context: Context) -> str:
    own = small(ddpm_recipe(context), sizes(context).held_out)
    shown = own.engine.steps * own.engine.batch_size
    whole = ddpm_recipe(context).engine
    return (f"It was shown {number(shown)} pictures, {shown / (whole.steps * whole.batch_size):.0%} of what the recipe "
            "has.")


def _points(share: float) -> str:
    return fixed(100 * share, 1)


def _verdict(old: Judged, gap: Interval) -> str:
    if old.micro.value <= old.chance.micro + 4 * old.chance.spread:
        return "On this budget it knows too little of what it was told for that to mean anything."
    if gap.high < 0:
        return "What was never seen together is drawn worse: part of what the model knows are whole sets."
    if gap.low > 0:
        return "What was never seen together is drawn even better, which only chance can explain."
    return "No difference is to be told: the model knows objects, not sets."


def _table(new: Judged, old: Judged) -> Table:
    rows = []
    for name, found in (("pairs never seen together", new), ("pairs that were seen", old)):
        counts = found.by_count()
        rows.append((name, str(found.sets), cell(found.micro), cell(found.share.whole),
                     *(cell(counts[k]) for k in (2, 3))))
    rows.append(("chance", "—", f"{new.chance.micro:.3f}", f"{new.chance.whole:.4f}", "0.083", "0.125"))
    return Table(header=("", "label sets", "label accuracy", "all labels", "sets of two", "sets of three"),
                 rows=tuple(rows), caption="Judged by evaluator b, over all sampling seeds.")


def _examples(chosen: Chosen) -> Table:
    rows = tuple((", ".join(new), ", ".join(old)) for new, old in list(zip(chosen.new, chosen.old, strict=True))[:8])
    return Table(header=("never seen together (the first two)", "beside it"), rows=rows,
                 caption="The first label sets that it was asked for.")


def _results(new: Judged, old: Judged, gap: Interval) -> Iterator[Result]:
    for name, found in (("pairs never seen together", new), ("the same objects in pairs that were seen", old)):
        luck = found.chance
        result = Result(name=f"label accuracy: {name}", value=found.micro.value, known=luck.micro, n=found.micro.n,
                        known_name="chance", interval=(found.micro.low, found.micro.high),
                        tolerance="above chance by four standard deviations")
        yield at_least(result, luck.micro + 4 * luck.spread)
    yield Result(name="difference, new minus seen", value=gap.value, known=0.0, known_name="a model of objects",
                 n=gap.n, interval=(gap.low, gap.high))


def _figure(context: Context, model: Diffusion, chosen: Chosen) -> Figure:
    hot = multi_hot(chosen.new[:_SHOWN], names(context))
    made = model.draw(hot, context.seed)
    said = judge(context).accuracy(made, hot).said
    return context.figure(labels_canvas(made, hot, names(context), said), "held-out", run=model.trained,
                          caption="Label sets with two objects that were never seen together; ✗ marks labels that the "
                                  "judge does not find.",
                          alt=f"A grid of {len(made)} pictures with their labels: "
                              f"{'; '.join(', '.join(each) for each in named(hot, names(context)))}")
