"""One attribute is changed and the noise is kept: what stays?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.images.labelsets import COLOURS, SHAPES, multi_hot, named
from genloom.data.scenes.drawing import render
from genloom.diffusion.samplers.registry import SAMPLERS
from genloom.metrics.interval import Interval, wilson_interval
from genloom.metrics.label_accuracy import answers
from genloom.report.figures import canvas, styled
from genloom.report.grids import rows_of
from genloom.report.numbers import at_least, at_most, fixed, number
from genloom.report.results import Figure, Result, Table
from genloom.rng import fold
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import cell, kept
from genloom.studies.iclevr.work import Diffusion, Model, both_lists, judge, models, names, sizes
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 8
_FAR = 20  # levels of 255 from which on a pixel counts as changed
RENDERER = "rendered scenes"


class Pair(NamedTuple):
    """A set of three objects, and the same with another one in the place of `old`."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    old: str
    new: str


class Swapped(NamedTuple):
    """Pictures before and after, with the same noise, bytes (N, 3, S, S), and some of the first labels and new noise.

    stayed    of the untouched objects that the judge finds before, those that it finds after
    arrived   new objects that it finds
    """

    before: Tensor
    after: Tensor
    other: Tensor | None
    stayed: Interval
    arrived: Interval

    @property
    def moved(self) -> float:
        """Root mean square change of pixels, levels of 255."""
        return _apart(self.before, self.after)

    @property
    def touched(self) -> float:
        """Share of the pixels that change by more than 20 levels in one of their colours."""
        return float(((self.before.int() - self.after.int()).abs().amax(1) > _FAR).double().mean())


@deliverable("swaps", "One attribute changed",
             question="Change one colour or one shape of a label set and keep the noise: what becomes of the rest?")
def swaps(context: Context) -> Answer:
    """Both models beside the renderer, which changes nothing but the object and its shadow."""
    found = {model.said: context.once(("swapped", model.name), partial(swapped, context, model))
             for model in models(context)}
    known = context.once("swapped scenes", lambda: scenes(context))
    return Answer(
        text=(
            f"{len(pairs(context))} sets of three objects of the two lists; in each one object gets another colour or, "
            "in turn, another shape, and the noise stays what it was. The renderer says what there is to want: with "
            "the same seed it puts the new object where the old one stood, under the same light, and "
            f"{known.touched:.1%} of the pixels change by more than {_FAR} levels.",
            *(_said(name, each, known) for name, each in found.items()),
            "The models were never told what is to stay: that it does, where it does, means that noise and labels have "
            "come to stand for different things, place and kind.",
        ),
        figures=(_figure(context, found, known),),
        tables=(_table(found, known),),
        results=tuple(result for name, each in found.items() for result in _results(context, name, each, known)),
        source="Radford et al. 2016, §6.3 (vector arithmetic); Song, Meng & Ermon 2021, §4.3 (DDIM's start as a code)",
    )


def pairs(context: Context) -> list[Pair]:
    """The first sets of three objects of both lists, each with one attribute changed."""
    words = [each for each in named(both_lists(context), names(context)) if len(each) == 3]
    return [_changed(each, k) for k, each in enumerate(words[: sizes(context).swaps])]


def _changed(words: tuple[str, ...], k: int) -> Pair:
    """Object k mod 3 gets the next colour, or for odd k the next shape, such that it is not there already."""
    old = words[k % 3]
    colour, shape = old.split()
    if k % 2:
        others = [f"{colour} {SHAPES[(SHAPES.index(shape) + step) % len(SHAPES)]}" for step in range(1, len(SHAPES))]
    else:
        place = COLOURS.index(colour)
        others = [f"{COLOURS[(place + step) % len(COLOURS)]} {shape}" for step in range(1, len(COLOURS))]
    new = next((each for each in others if each not in words), None)
    if new is None:  # all other shapes of this colour are there: another colour then
        return _changed(words, k + 3)
    return Pair(words, tuple(new if each == old else each for each in words), old, new)


def swapped(context: Context, model: Model) -> Swapped:
    """A model's pictures of all pairs."""
    each = pairs(context)
    before, after = (multi_hot([getattr(pair, name) for pair in each], names(context)) for name in ("before", "after"))
    first, second = _draw(model, before, context.seed), _draw(model, after, context.seed)
    return _judged(context, each, first, second, _draw(model, before, context.seed + 1))


def _draw(model: Model, sets: Tensor, seed: int) -> Tensor:
    """The recipe's sampling, or DDIM where that draws noise on the way."""
    if not isinstance(model, Diffusion):
        return model.draw(sets, seed)
    own = model.recipe.sampling
    if SAMPLERS[own.sampler].stochastic or own.eta:
        own = replace(own, sampler="ddim", eta=0.0)
    return model.draw(sets, seed, own)


def scenes(context: Context) -> Swapped:
    """Rendered scenes of all pairs, each with a seed of its own."""
    each, size = pairs(context), models(context)[0].recipe.data.size

    def picture(words: Sequence[str], k: int) -> Tensor:
        return torch.from_numpy(render(words, fold(context.seed, 0x53574150, k), size)).permute(2, 0, 1)

    before, after = (torch.stack([picture(getattr(pair, name), k) for k, pair in enumerate(each)])
                     for name in ("before", "after"))
    return _judged(context, each, before, after, None)


def _judged(context: Context, each: Sequence[Pair], before: Tensor, after: Tensor, other: Tensor | None) -> Swapped:
    """The judge is asked about both with their own labels."""
    objects = names(context)
    first, second = (multi_hot([getattr(pair, name) for pair in each], objects) for name in ("before", "after"))
    said = [answers(judge(context).judged(made), sets) for made, sets in ((before, first), (after, second))]
    untouched = (first & second).bool() & said[0]
    new = second.bool() & ~first.bool()
    return Swapped(before, after, other, _share(said[1], untouched), _share(said[1], new))


def _share(said: Tensor, which: Tensor) -> Interval:
    total = int(which.sum())
    return wilson_interval(int((said & which).sum()), total) if total else Interval(float("nan"), 0.0, 1.0, 0)


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one.double() - other.double()).square().mean().sqrt())


def _said(name: str, each: Swapped, known: Swapped) -> str:
    fresh = "" if each.other is None else f", other noise by {number(_apart(each.before, each.other), 3)}"
    stayed = f"{each.stayed.value:.2f} of the untouched objects that were there stay" if each.stayed.n else \
        "the judge finds no untouched object to begin with"
    return (f"{name}: {stayed}, and {each.arrived.value:.2f} of the new ones are found. The swap changes pixels by "
            f"{number(each.moved, 3)} of 255, root mean square{fresh}; {each.touched:.1%} of the pixels change "
            f"visibly, {each.touched / max(known.touched, 1e-9):.1f} times as many as in the renderer.")


def _table(found: Mapping[str, Swapped], known: Swapped) -> Table:
    rows = []
    for name, each in (*found.items(), (RENDERER, known)):
        fresh = "—" if each.other is None else number(_apart(each.before, each.other), 3)
        rows.append((name, cell(each.stayed) if each.stayed.n else "—", cell(each.arrived), number(each.moved, 3),
                     fresh, fixed(100 * each.touched, 1)))
    return Table(header=("", "untouched objects that stay", "new objects found", "change of pixels", "by other noise",
                         "pixels changed, %"), rows=tuple(rows),
                 caption=f"{len(known.before)} pairs of label sets; changes are root mean squares, levels of 255. How "
                         "well the judge knows rendered scenes stands in S1.1.")


def _results(context: Context, name: str, each: Swapped, known: Swapped) -> list[Result]:
    found = [Result(name=f"new objects that are found: {name}", value=each.arrived.value, n=each.arrived.n,
                    known=kept(context, judge(context)).micro.value, interval=(each.arrived.low, each.arrived.high),
                    known_name="labels of real pictures that the judge names")]
    if each.stayed.n:
        stays = Result(name=f"untouched objects that stay: {name}", value=each.stayed.value, n=each.stayed.n, known=1.0,
                       known_name="all of them", interval=(each.stayed.low, each.stayed.high),
                       tolerance="more than half")
        found.append(at_least(stays, 0.5))
    if each.other is not None:
        fresh = _apart(each.before, each.other)
        moved = Result(name=f"change of pixels by a swap: {name}", value=each.moved, known=known.moved, unit="of 255",
                       known_name=RENDERER, n=len(each.before), tolerance="below that by other noise")
        found.append(at_most(moved, fresh))
    return found


def _figure(context: Context, found: Mapping[str, Swapped], known: Swapped) -> Figure:
    each = pairs(context)[:_SHOWN]
    rows = {f"{name}, {when}": getattr(one, when)[: len(each)]
            for name, one in (*found.items(), ("renderer", known)) for when in ("before", "after")}
    words = [f"{pair.old}\n→ {pair.new}" for pair in each]
    figure, (axes,) = canvas(9.6, 0.97 * len(rows) + 0.5)
    _draw_rows(axes, rows, words)
    return context.figure(figure, "swaps", caption="The same noise before and after one object was changed, by both "
                          "models; the last two rows are rendered scenes.",
                          alt=f"{len(rows)} rows of {len(each)} pictures: "
                              f"{'; '.join(' '.join(each.split()) for each in words)}")


@styled()
def _draw_rows(axes: "Axes", rows: Mapping[str, Tensor], words: Sequence[str]) -> None:
    rows_of(axes, rows, words)
    axes.tick_params(axis="x", labelsize=7)
    axes.set_anchor("E")
