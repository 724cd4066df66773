"""S4.23: a thousand samples on their way from noise to letters, beside the exact score's and beside data."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.metrics.energy import energy_distance, energy_test
from genloom.metrics.floor import Floor, fresh_floor
from genloom.metrics.interval import Interval, mean_interval, wilson_interval
from genloom.recipes.judge_points import fresh
from genloom.report.figures import canvas, styled
from genloom.report.numbers import at_most, near, number
from genloom.report.results import Figure, Result, Table
from genloom.rng import fold
from genloom.studies.context import Context
from genloom.studies.letters.drawing import FLAT, cloud, frame, outlines
from genloom.studies.letters.work import NAMES, Setting, Source, inside, marks, seeds, setting, spell, strip, walk
from genloom.studies.study import Answer, deliverable

_ASPECT = 0.37  # of the panels on the way
_EXTRA = 1e-4  # energy distance that a learned score may add to the exact one's


class Judged(NamedTuple):
    """Samples of one source over all seeds.

    energy     energy distance to fresh data, one per seed
    p_values   of the energy test, one per seed
    inside     share of the samples inside a letter
    shares     share of the samples in each letter's strip of the plane
    """

    energy: list[float]
    p_values: list[float]
    inside: Interval
    shares: list[Interval]


@deliverable("S4.23", "A thousand samples, from noise to letters",
             question="Draw 1000 samples by annealed Langevin dynamics and show them after 0, 200, 400, 600, 800 and "
                      "all steps. Do they spell the pattern, and in the right proportions?")
def samples(context: Context) -> Answer:
    """The pictures that the text asks for, and the same algorithm with the exact score, both beside data."""
    here = setting(context)
    found = {source: _judge(context, source) for source in ("model", "exact")}
    data, floor = _judge_data(context), _floor(here)
    return Answer(
        text=_text(here, found["model"], found["exact"], data, floor),
        figures=(_steps(context, here), _final(context, here)),
        tables=(_table(here, found["model"], found["exact"], data), _letters(here, found["model"], found["exact"])),
        results=_results(context, here, found["model"], found["exact"], floor),
        formula="𝓔 = 2 E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖, X samples, Y fresh data;  share of a letter = its area/total "
                "area",
        source="problem 5.4 (b); Székely & Rizzo 2013",
    )


def _judge(context: Context, source: Source) -> Judged:
    here = setting(context)
    return judged(here, [walk(context, source, seed).end for seed in seeds(context, here)], seeds(context, here))


def _judge_data(context: Context) -> Judged:
    """Fresh data in the place of samples: what the numbers are when nothing is wrong."""
    here = setting(context)
    count = here.recipe.evaluation.samples
    return judged(here, [fresh(here.experiment, count, fold(seed, 32)) for seed in seeds(context, here)],
                  seeds(context, here))


def judged(here: Setting, ends: Sequence[Tensor], chosen: Sequence[int]) -> Judged:
    """Every number for one set of samples per seed."""
    data = [fresh(here.experiment, len(end), fold(seed, 31)) for end, seed in zip(ends, chosen, strict=True)]
    tests = [energy_test(end, other, permutations=here.recipe.evaluation.permutations, seed=seed)
             for end, other, seed in zip(ends, data, chosen, strict=True)]
    points = torch.cat([end.double() for end in ends])
    places = torch.bincount(strip(here.letters, points), minlength=len(here.letters)).tolist()
    return Judged([energy_distance(a, b) for a, b in zip(ends, data, strict=True)], [test.p_value for test in tests],
                  wilson_interval(int(inside(here.letters, points).sum()), len(points)),
                  [wilson_interval(count, len(points)) for count in places])


def _floor(here: Setting) -> Floor:
    return fresh_floor(energy_distance, lambda count, seed: fresh(here.experiment, count, fold(seed, 33)),
                       here.recipe.evaluation.samples, pairs=20)


def areas(here: Setting) -> list[float]:
    """The share of each letter in the area of all."""
    total = sum(letter.area for letter in here.letters)
    return [letter.area / total for letter in here.letters]


def _results(context: Context, here: Setting, model: Judged, exact: Judged, floor: Floor) -> tuple[Result, ...]:
    count, chosen = here.recipe.evaluation.samples, seeds(context, here)
    energy = [mean_interval(judged.energy) for judged in (model, exact)]
    wanted = areas(here)[0]
    slack = _half(exact.shares[0]) + _half(model.shares[0])
    return (
        at_most(Result(name="energy distance to fresh data, trained network", value=energy[0].value,
                       known=energy[1].value, known_name="exact score, same algorithm and noise", n=count, seeds=chosen,
                       interval=_finite(energy[0])), energy[1].value + max(0.0, floor.high) + _EXTRA),
        Result(name="energy distance to fresh data, exact score", value=energy[1].value, known=floor.mean, n=count,
               known_name=f"data against data (95 %: {floor.low:.1e} to {floor.high:.1e})", seeds=chosen,
               interval=_finite(energy[1])),
        near(Result(name=f"share of samples in “{here.letters[0].name}”, trained network", value=model.shares[0].value,
                    known=exact.shares[0].value, known_name="exact score, same algorithm and noise",
                    interval=(model.shares[0].low, model.shares[0].high), n=count * len(chosen), seeds=chosen,
                    source="95 % Wilson interval"), slack),
        near(Result(name=f"share of samples in “{here.letters[0].name}”, exact score", value=exact.shares[0].value,
                    known=wanted, known_name="its share of the area",
                    interval=(exact.shares[0].low, exact.shares[0].high), n=count * len(chosen), seeds=chosen),
             2 * _half(exact.shares[0])),
        near(Result(name="share of samples inside the letters, trained network", value=model.inside.value,
                    known=exact.inside.value, known_name="exact score, same algorithm and noise",
                    interval=(model.inside.low, model.inside.high), n=count * len(chosen), seeds=chosen), 0.1),
    )


def _half(interval: Interval) -> float:
    return (interval.high - interval.low) / 2


def _finite(interval: Interval) -> tuple[float, float] | None:
    return (interval.low, interval.high) if interval.n > 1 else None


def _table(here: Setting, model: Judged, exact: Judged, data: Judged) -> Table:
    rows = [(NAMES["model"], model), (NAMES["exact"], exact), ("data", data)]
    return Table(
        header=("points", "energy distance", "p of the energy test", "inside the letters"),
        rows=tuple((name, number(sum(j.energy) / len(j.energy), 3), ", ".join(f"{p:.3f}" for p in j.p_values),
                    _percent(j.inside)) for name, j in rows),
        caption=f"Against fresh data, {here.recipe.evaluation.samples} points per seed. Network and exact score start "
                "at the same points and are given the same noise.")


def _letters(here: Setting, model: Judged, exact: Judged) -> Table:
    rows = [(letter.name, f"{area:.1%}", _percent(a), _percent(b))
            for letter, area, a, b in zip(here.letters, areas(here), model.shares, exact.shares, strict=True)]
    return Table(header=("letter", "share of the area", NAMES["model"], NAMES["exact"]), rows=tuple(rows),
                 caption="Samples by letter, over all seeds, with 95 % intervals; the plane is cut halfway between "
                         "letters.")


def _percent(share: Interval) -> str:
    return f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}]"


@styled()
def _steps(context: Context, here: Setting) -> Figure:
    figure, axes = canvas(10.2, 6.4, 3, 2)
    found = walk(context, "model", context.seed)
    for panel, step in zip(axes, marks(here), strict=False):
        points = found.marks[step]
        outlines(panel, here.letters, width=0.7)
        cloud(panel, points)
        name = "final" if step == max(found.marks) else f"step {step}"
        level = "" if step == 0 else f", σ = {number(here.sigmas[(step - 1) // here.per_level], 3)}"
        frame(panel, _width(points), f"{name}{level or ': N(0, I)'}", aspect=_ASPECT, bare=False)
    return context.figure(
        figure, "samples-by-step", run=here.trained,
        caption=f"The same {len(found.end)} samples on their way, with the letters' outlines. The first panels show "
                "more of the plane.",
        alt=f"Six scatter plots: a round cloud, then a bar, then blurred letters that sharpen until they spell "
            f"{spell(here.letters)}")


def _width(points: Tensor) -> float:
    """Half the width of a panel in which all points but a few strays are seen, and not less than the letters need."""
    far = torch.maximum(points[:, 0].abs(), points[:, 1].abs() / _ASPECT)
    return max(1.1, 1.02 * float(far.quantile(0.995)))


@styled()
def _final(context: Context, here: Setting) -> Figure:
    figure, axes = canvas(8.2, 7.2, 3, 1)
    ends = {NAMES[source]: walk(context, source, context.seed).end for source in ("model", "exact")}
    ends["fresh data"] = fresh(here.experiment, here.recipe.evaluation.samples, fold(context.seed, 32)).double()
    for panel, (name, points) in zip(axes, ends.items(), strict=True):
        hits = inside(here.letters, points)
        outlines(panel, here.letters, fill="#eceff4")
        cloud(panel, points, hits=hits, size=6)
        frame(panel, 1.1, f"{name}: {hits.double().mean():.1%} inside the letters", aspect=FLAT)
    return context.figure(
        figure, "samples-final", run=here.trained,
        caption="The final samples of the trained network, those of the exact score from the same start and noise, "
                "and data that nobody trained on. Dots are inside a letter, crosses are outside.",
        alt="Three scatter plots of the letters one above the other, with a few crosses along the edges of the "
            "letters in the upper two")


def _text(here: Setting, model: Judged, exact: Judged, data: Judged, floor: Floor) -> tuple[str, ...]:
    first, wanted = here.letters[0].name, areas(here)[0]
    energy = [sum(judged.energy) / len(judged.energy) for judged in (model, exact)]
    lost = 1 - exact.inside.value
    return (
        f"The samples spell {spell(here.letters)}: {model.inside.value:.1%} of them are inside a letter, with the "
        f"exact score {exact.inside.value:.1%}. That the exact score does not have {data.inside.value:.0%} is the "
        f"algorithm's: it ends at σ_L = {number(here.sigmas[-1], 2)} and not at 0, and leaves noise of that size on "
        f"every point, which puts {lost:.0%} of them across an edge. What is the network's fault is the difference of "
        f"{100 * (exact.inside.value - model.inside.value):.1f} percentage points.",
        f"The energy distance to fresh data is {number(energy[0], 2)} for the network and {number(energy[1], 2)} for "
        f"the exact score; data against data lies between {number(floor.low, 2)} and {number(floor.high, 2)}. The "
        f"test tells {sum(p <= 0.05 for p in model.p_values)} of {len(model.p_values)} seeds of the network from data "
        f"at 5 %, and {sum(p <= 0.05 for p in exact.p_values)} of {len(exact.p_values)} of the exact score.",
        f"“{first}” has {model.shares[0].value:.1%} of the network's samples and {exact.shares[0].value:.1%} of the "
        f"exact score's, where its area is {wanted:.1%} of all. How many points a letter gets is decided while σ is "
        "larger than the gaps between letters; after that few points can. So the proportions measure the large "
        "noise levels, where the start at N(0, I) has been forgotten and the network is nearly exact, and the edges "
        "measure the small ones.",
    )
