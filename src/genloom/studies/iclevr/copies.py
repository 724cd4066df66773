"""Whether the models draw what they have learned from, or copy it."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.metrics.interval import Interval, wilson_interval
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_most, fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import cell
from genloom.studies.iclevr.work import Model, drawn, labels_of, models, pictures, sets_of
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE = 32  # pixels that pictures are averaged to, so that grain counts less than objects
_BLOCK, _SHOWN = 2048, 8
_NEAR = 0.05  # share of real pictures that are called near


class Nearest(NamedTuple):
    """Pictures, the distance of each to the training picture that is nearest to it, and where that stands, (N,).

    A distance is the root mean square over pixels and colours, levels of 255, of pictures averaged to 32 × 32.
    """

    pictures: Tensor
    distances: Tensor
    places: Tensor


@deliverable("copies", "Copies of training pictures",
             question="Do the models copy their training pictures?")
def copies(context: Context) -> Answer:
    """Distances to the nearest training picture beside those of kept-back pictures with as many objects."""
    known = context.once("kept nearest", lambda: kept_nearest(context))
    found = {model.said: context.once(("nearest", model.name), partial(of_model, context, model))
             for model in models(context)}
    limit = float(known.distances.quantile(_NEAR))
    return Answer(
        text=(
            f"For each of the {len(next(iter(found.values())).pictures)} pictures of both lists and all sampling seeds "
            f"the nearest of {number(len(pictures(context).train))} training pictures is looked for. Alone a distance "
            "says nothing, since the stage is the same in all pictures and most of every picture. Beside it stand "
            "pictures of scenes that no model has seen, with as many objects: a model that has learned what scenes are "
            "is as far from its training pictures as they are, and one that copies is nearer.",
            *(_said(name, each, known, limit) for name, each in found.items()),
        ),
        figures=(_histograms(context, found, known), *(_closest(context, model, found[model.said])
                                                       for model in models(context))),
        tables=(_table(found, known, limit),),
        results=tuple(result for name, each in found.items() for result in _results(name, each, known, limit)),
        formula="d(x) = min over training pictures of ‖x − x_i‖/√D",
        source="Somepalli et al. 2023; Carlini et al. 2023",
    )


def of_model(context: Context, model: Model) -> Nearest:
    """A model's pictures of both lists, of all seeds."""
    return nearest(drawn(context, model).pictures.flatten(0, 1), pictures(context).train.pictures)


def kept_nearest(context: Context) -> Nearest:
    """Kept-back pictures with as many objects as those of the lists, as often as there are such."""
    kept, counts = pictures(context).kept, labels_of(pictures(context).kept).sum(1)
    wanted = torch.cat([sets_of(context, listed) for listed in ("test", "new_test")]).sum(1)
    rows, used = [], dict.fromkeys(range(1, 4), 0)
    each = {k: (counts == k).nonzero()[:, 0].tolist() for k in used}
    for _ in range(len(drawn(context, models(context)[0]).seeds)):
        for k in wanted.tolist():
            if used[k] < len(each[k]):
                rows.append(each[k][used[k]])
                used[k] += 1
    return nearest(kept.pictures[rows], pictures(context).train.pictures)


@torch.no_grad()
def nearest(made: Tensor, among: Tensor) -> Nearest:
    """The nearest of some pictures to each of others, all bytes (N, C, S, S)."""
    own = _averaged(made)
    least = torch.full((len(own),), float("inf"))
    places = torch.zeros(len(own), dtype=torch.long)
    for first in range(0, len(among), _BLOCK):
        found, where = torch.cdist(own, _averaged(among[first : first + _BLOCK])).min(1)
        better = found < least
        least, places = torch.where(better, found, least), torch.where(better, where + first, places)
    return Nearest(made, least / own.shape[1] ** 0.5, places)


def _averaged(made: Tensor) -> Tensor:
    side = min(_SIDE, made.shape[-1])
    return F.adaptive_avg_pool2d(made.float(), side).flatten(1)


def _share(each: Nearest, limit: float) -> Interval:
    return wilson_interval(int((each.distances < limit).sum()), len(each.distances))


def _said(name: str, each: Nearest, known: Nearest, limit: float) -> str:
    share = _share(each, limit)
    equal = int((each.distances == 0).sum())
    return (f"{name}: the median distance is {number(float(each.distances.median()), 3)}, that of kept-back pictures "
            f"{number(float(known.distances.median()), 3)}. {share.value:.1%} of its pictures are nearer than "
            f"{number(limit, 3)}, which {_NEAR:.0%} of the kept-back ones are; "
            f"{equal or 'none'} equal a training picture.")


def _table(found: Mapping[str, Nearest], known: Nearest, limit: float) -> Table:
    rows = []
    for name, each in (*found.items(), ("kept-back pictures", known)):
        quantiles = (fixed(float(each.distances.quantile(q)), 2) for q in (0, 0.05, 0.5, 0.95))
        rows.append((name, str(len(each.distances)), *quantiles, cell(_share(each, limit))))
    return Table(header=("", "pictures", "least", "5 %", "median", "95 %", f"nearer than {number(limit, 3)}"),
                 rows=tuple(rows), caption="Distance to the nearest training picture, root mean square in levels of "
                                           "255, of pictures averaged to 32 × 32.")


def _results(name: str, each: Nearest, known: Nearest, limit: float) -> list[Result]:
    share, n = _share(each, limit), len(each.distances)
    slack = 4 * (_NEAR * (1 - _NEAR) * (1 / n + 1 / len(known.distances))) ** 0.5
    return [
        at_most(Result(name=f"{name}: pictures nearer to training than {1 - _NEAR:.0%} of kept-back ones",
                       value=share.value, known=_NEAR, known_name="kept-back pictures", n=n,
                       interval=(share.low, share.high), tolerance=f"at most {_NEAR + slack:.3f}, four standard errors "
                       "above"), _NEAR + slack),
        near(Result(name=f"{name}: pictures that equal a training picture", value=int((each.distances == 0).sum()),
                    known=0, known_name="none", n=n), 0),
    ]


def _histograms(context: Context, found: Mapping[str, Nearest], known: Nearest) -> Figure:
    figure, (axes,) = canvas(6.8, 3.2)
    _draw(axes, {"kept-back": known, **found})
    return context.figure(figure, "copies",
                          caption="Distances to the nearest training picture: kept-back pictures and both models.",
                          alt="Outlines of histograms; medians: " + ", ".join(
                              f"{name} {float(each.distances.median()):.2f}" for name, each in
                              (("kept-back", known), *found.items())))


@styled()
def _draw(axes: "Axes", found: Mapping[str, Nearest]) -> None:
    high = max(float(each.distances.quantile(0.99)) for each in found.values())
    for k, (name, each) in enumerate(found.items()):
        axes.hist(each.distances.clamp(max=high).numpy(), bins=40, range=(0, high), density=True, histtype="step",
                  linewidth=1.6, color=COLORS[k], linestyle=("-", "--", ":")[k % 3], label=name)
    axes.set(xlabel="distance to the nearest training picture, levels of 255", ylabel="density")
    axes.legend()


def _closest(context: Context, model: Model, each: Nearest) -> Figure:
    order = each.distances.argsort()[:_SHOWN]
    train = pictures(context).train.pictures
    rows = {model.said: each.pictures[order], "nearest": train[each.places[order]]}
    labels = [number(float(each.distances[k]), 2) for k in order.tolist()]
    return context.figure(rows_figure(rows, labels, cell=0.9), f"copies-{model.said.lower()}", run=model.trained,
                          caption=f"The {_SHOWN} pictures of the {model.said} that are nearest to a training picture, "
                                  "with the distance, and that picture.",
                          alt=f"Two rows of {_SHOWN} pictures: generated ones, and the training pictures nearest to "
                              f"them, at distances {', '.join(labels)}")
