"""S1.22: the GAN against the DDPM, number by number."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.images.labelsets import named
from genloom.metrics.features import Extractor, distance_name, extract
from genloom.metrics.interval import Interval, mean_interval
from genloom.metrics.label_accuracy import pooled
from genloom.recipes.judge_pictures import REAL, about
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, fixed, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr.axes import plain_log
from genloom.studies.iclevr.beside import beside_real, cells, floor, header
from genloom.studies.iclevr.judged import Judged, cell, judged
from genloom.studies.iclevr.samplers import samplers
from genloom.studies.iclevr.spent import clock, minutes
from genloom.studies.iclevr.work import (
    LISTS,
    Diffusion,
    Model,
    both_lists,
    ddpm,
    judge,
    labels_of,
    models,
    names,
    pictures,
    sizes,
)
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW, _TIMED, _VARIED = 9, 32, 0.5


class Beside(NamedTuple):
    """A model in numbers.

    micro     accuracy on both lists together
    diversity  of pictures of one label set, over that of real ones; mean over the sets
    seconds   of a picture, drawn with others, and `calls` of the network for it
    """

    model: Model
    micro: Interval
    diversity: Interval
    seconds: float
    calls: int


@deliverable("S1.22", "GAN against DDPM",
             question="Compare the advantages and disadvantages of the GAN and the DDPM.")
def compared(context: Context) -> Answer:
    """Accuracy, distance to real pictures, variety, time and size of both, on the same label sets."""
    first, second = (context.once(("against", model.name), partial(_beside, context, model))
                     for model in models(context))
    return Answer(
        text=(_accuracy(first, second), _quality(context, first, second), _variety(first, second),
              _time(first, second), _nature()),
        figures=(_pictures(context), _over_time(context, first)),
        tables=(_table(context, (first, second)),),
        results=(*_results(context, first), *_results(context, second),
                 Result(name="time for a picture, DDPM over GAN", value=second.seconds / first.seconds, n=_TIMED,
                        known=float(second.calls), known_name="calls of its network, against one")),
        source="S1.4 to S1.18; Heusel et al. 2017; Kynkäänniemi et al. 2019; Naeem et al. 2020",
    )


def _beside(context: Context, model: Model) -> Beside:
    each = [judged(context, model, listed, judge(context)) for listed in LISTS]
    sets = both_lists(context)[:_TIMED]
    seconds = clock(lambda: model.draw(sets, context.seed), 1) / len(sets)
    calls = 1
    if isinstance(model, Diffusion):
        steps = len(model.experiment.levels()) - 1
        calls = steps * (1 if model.recipe.sampling.guidance == 1 else 2)
    return Beside(model, _together(each).micro, diversity(context, model), seconds, calls)


def _together(each: Sequence[Judged]) -> Judged:
    """Both lists as one."""
    groups, first = [], 0
    for found in each:
        groups.append(found.groups + first)
        first += int(found.groups.max()) + 1
    return Judged(pooled([found.found for found in each]), torch.cat(groups))


def alike(context: Context) -> Tensor:
    """Label sets of the lists that enough real pictures show for their variety to be known, (M, 24)."""
    sets = torch.unique(both_lists(context), dim=0)
    enough = [row for row in sets if len(_shown(context, row)) >= sizes(context).alike]
    return torch.stack(enough) if enough else sets[:0]


def _shown(context: Context, row: Tensor) -> Tensor:
    """Places of the training pictures that show exactly a set."""
    return (labels_of(pictures(context).train) == row).all(1).nonzero()[:, 0]


def diversity(context: Context, model: Model) -> Interval:
    """The mean distance of two pictures of one label set, over that of two real ones of it; Student's, over sets."""
    count, shares = sizes(context).alike, []
    for k, row in enumerate(alike(context)):
        made = model.draw(row.expand(count, -1), context.seed + 1 + k)
        known = pictures(context).train.pictures[_shown(context, row)[:count]]
        shares.append(apart(model.experiment.extractor, made) / apart(model.experiment.extractor, known))
    return mean_interval(shares) if shares else Interval(math.nan, math.nan, math.nan, 0)


def apart(extractor: Extractor, made: Tensor) -> float:
    """The mean distance between the features of two of these pictures."""
    return float(torch.pdist(extract(extractor, made)).mean())


def _accuracy(first: Beside, second: Beside) -> str:
    better, worse = sorted((first, second), key=lambda each: -each.micro.value)
    clear = better.micro.low > worse.micro.high
    return (f"Labels: over both lists the {better.model.said} has {better.micro.value:.3f} [{better.micro.low:.3f}, "
            f"{better.micro.high:.3f}], the {worse.model.said} {worse.micro.value:.3f} [{worse.micro.low:.3f}, "
            f"{worse.micro.high:.3f}]; the intervals {'do not touch' if clear else 'overlap'}.")


def _quality(context: Context, first: Beside, second: Beside) -> str:
    name = distance_name(first.model.experiment.extractor)
    values = {each.model.said: beside_real(context, each.model).scores for each in (first, second)}
    said = ", ".join(f"{kind} {number(scores.frechet, 3)}" for kind, scores in values.items())
    real = floor(context).scores
    shares = ", ".join(f"{kind} {scores.precision:.2f} and {scores.coverage:.2f}" for kind, scores in values.items())
    return (f"Pictures: {name} of {real.n} pictures, which looks at colours and layout and knows nothing of objects, "
            f"is {said}; as many real ones have {number(real.frechet, 3)}. Precision and coverage: {shares}, real ones "
            f"{real.precision:.2f} and {real.coverage:.2f}.")


def _variety(first: Beside, second: Beside) -> str:
    said = ", ".join(f"{each.model.said} {each.diversity.value:.2f}" for each in (first, second))
    return (f"Variety: two pictures of the same label set are as far apart, in units of two real ones: {said}, over "
            f"{first.diversity.n} sets. Below 1 a model draws fewer scenes than there are; above 1 it draws what is no "
            "scene.")


def _time(first: Beside, second: Beside) -> str:
    spent = [minutes(each.model.trained) for each in (first, second)]
    said = " and ".join(f"{fixed(each, 1)} minutes" for each in spent) if all(each == each for each in spent) else \
        "times that are not all known"
    ratio = second.seconds / first.seconds
    return (f"Time: the GAN draws a picture in one call, {number(1000 * first.seconds, 3)} ms, the DDPM in "
            f"{second.calls}, {number(1000 * second.seconds, 3)} ms: {number(ratio, 3)} times as long. They have "
            f"{number(first.model.parameters)} and {number(second.model.parameters)} parameters and were trained for "
            f"{said}.")


def _nature() -> str:
    return ("In kind: the GAN's training is a game, whose losses say little of how far it has come and which can go "
            "wrong in ways that S1.5 looks for; the DDPM's is a regression, whose error stands beside a known answer "
            "at every noise level (S1.7). The DDPM's sampler, its steps and its guidance can be chosen after the "
            "training (S1.9); the GAN has its noise alone.")


def _table(context: Context, both: Sequence[Beside]) -> Table:
    rows = []
    for each in both:
        spent = minutes(each.model.trained)
        rows.append((each.model.said, cell(each.micro), *cells(beside_real(context, each.model).scores),
                     cell(each.diversity), str(each.calls), number(1000 * each.seconds, 3),
                     fixed(spent, 1) if spent == spent else "—", number(each.model.parameters)))
    rows.append(("real pictures", "—", *cells(floor(context).scores), "1", "—", "—", "—", "—"))
    return Table(header=("", "label accuracy", *header(both[0].model), "variety", "calls", "ms per picture",
                         "minutes of training", "parameters"), rows=tuple(rows),
                 caption=f"Accuracy on both lists by evaluator b; {floor(context).scores.n} pictures for distances; "
                         f"times on this machine, {_TIMED} pictures together; parameters of the network that draws.")


def _results(context: Context, each: Beside) -> list[Result]:
    scores, real, said = beside_real(context, each.model).scores, floor(context).scores, each.model.said
    spread = each.diversity
    found = [
        Result(name=f"{distance_name(each.model.experiment.extractor)} of the {said}", value=scores.frechet, n=scores.n,
               known=real.frechet, known_name=REAL, interval=scores.frechet_interval, seeds=(context.seed,),
               formula=about(each.model.experiment.extractor, scores)),
        Result(name=f"coverage of the {said}", value=scores.coverage, known=real.coverage, known_name=REAL, n=scores.n,
               seeds=(context.seed,)),
    ]
    if spread.n:
        varied = Result(name=f"variety of the {said} within a label set", value=spread.value, known=1.0, n=spread.n,
                        known_name="real pictures of the same sets", interval=(spread.low, spread.high),
                        tolerance=f"at least {_VARIED}: otherwise it draws one scene again and again")
        found.append(at_least(varied, _VARIED))
    return found


def _pictures(context: Context) -> Figure:
    sets = alike(context)
    counts = sets.sum(1)
    row = sets[int(counts.argmax())] if len(sets) else both_lists(context)[0]
    known = pictures(context).train.pictures[_shown(context, row)[:_ROW]]
    told = row.expand(_ROW, -1)
    rows = {"real": known} if len(known) else {}
    rows |= {model.said: model.draw(told, context.seed) for model in models(context)}
    words = ", ".join(named(row[None], names(context))[0])
    return context.figure(rows_figure(rows, cell=0.85), "against", caption=f"Pictures of {{{words}}}: real ones, and "
                          "the first ones of both models.",
                          alt=f"Three rows of {_ROW} pictures of {words}: real, by the GAN, by the DDPM")


def _over_time(context: Context, first: Beside) -> Figure:
    figure, (axes,) = canvas(6.8, 3.4)
    found = samplers(context)
    _points(axes, {"GAN": [(first.seconds, first.micro)],
                   "DDPM": [(each.seconds, each.judged.micro) for each in found]})
    return context.figure(figure, "accuracy-time", run=ddpm(context).trained,
                          caption="Label accuracy over the time for a picture: the GAN, and the DDPM by every sampler "
                                  "and number of steps of S1.9, with 95 % intervals.",
                          alt=f"Points: GAN at {number(1000 * first.seconds, 2)} ms and {first.micro.value:.2f}; DDPM "
                              + ", ".join(f"{number(1000 * each.seconds, 2)} ms {each.judged.micro.value:.2f}"
                                          for each in found))


@styled()
def _points(axes: "Axes", families: Mapping[str, Sequence[tuple[float, Interval]]]) -> None:
    for k, (name, family) in enumerate(families.items()):
        shares = [share for _, share in family]
        bars = [[each.value - each.low for each in shares], [each.high - each.value for each in shares]]
        axes.errorbar([1000 * seconds for seconds, _ in family], [each.value for each in shares], yerr=bars,
                      color=COLORS[k], marker="os"[k], linestyle="none", elinewidth=0.8, label=name)
    axes.set(xscale="log", xlabel="ms per picture", ylabel="label accuracy", ylim=(0, 1.03))
    plain_log(axes.xaxis)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
