"""S3.8: what the squared error alone lacks, seen beside a game and beside sampling."""

import math
from typing import NamedTuple

from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.gan.inpainting import hidden_error
from genloom.metrics.interval import Interval, mean_interval
from genloom.recipes.judge_inpainting import FILLS, Judge, hidden_psnr, make_judge
from genloom.recipes.show_inpainting import shown
from genloom.report.figures import COLORS, GRAY, MARKERS, canvas, styled
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import known_line
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.inpainting.doors_ways import EXACT, DoorWay, compare
from genloom.studies.inpainting.squared import chances, door_rows
from genloom.studies.inpainting.work import (
    NETWORKS,
    SAMPLED,
    Rooms,
    completing,
    completions,
    diffused,
    questions,
    rooms,
)
from genloom.studies.study import Answer, deliverable
from genloom.studies.written.inpainting_loss import LACKS

_SHOWN = 8
_SQUARED, _GAME = NETWORKS.values()


class Found(NamedTuple):
    """A way on pictures.

    psnr      of hidden pixels, dB
    distance  Fréchet distance from other real pictures
    detail    squared differences of hidden neighbours, over those of the truth
    """

    psnr: Interval
    distance: Interval
    detail: float


@deliverable("S3.8", LACKS.title, question=LACKS.statement)
def lacks(context: Context) -> Answer:
    """Blur: shown where the distribution is known, and measured on pictures beside other ways to complete them."""
    there = rooms(context)
    ways = context.once("door ways", lambda: compare(there, context.seed))
    judge = make_judge(completing(context, "inpaint-mse").experiment)
    found = {name: _judged(context, completed, judge) for name, completed in completions(context).items()}
    return Answer(
        derivation=LACKS.steps,
        text=_text(there, ways, found, judge),
        figures=(_pictures(context), _plane(context, found, judge), _doors(context, there, ways)),
        tables=(_table(found, judge), _door_table(there, ways)),
        results=_results(context, there, ways, found, judge),
        formula="argmin E‖x̂ − x‖² = E[x | known];   E‖x′ − x‖² = 2 E‖E[x | known] − x‖² for draws x′ of p(x | known)",
        source=f"{LACKS.source}; RePaint: Lugmayr et al. 2022; DPS: Chung et al. "
               "2023; guidance through x̂0: Song et al. 2023",
    )


def _judged(context: Context, completed: Tensor, judge: Judge) -> Found:
    asked = questions(context)
    return Found(mean_interval(hidden_psnr(completed, asked)), judge.distance(completed),
                 detail(completed, asked.mask) / detail(asked.x, asked.mask))


def detail(x: Tensor, mask: Tensor) -> float:
    """Σ (x_i − x_j)² over all pairs of neighbours that are both hidden."""
    hidden, total = (1 - mask).expand_as(x), 0.0
    for dim in (2, 3):
        both = hidden.narrow(dim, 1, x.shape[dim] - 1) * hidden.narrow(dim, 0, x.shape[dim] - 1)
        total += float((both * x.diff(dim=dim).square()).sum())
    return total


def _pictures(context: Context) -> Figure:
    asked, found = questions(context), completions(context)
    rows = {"known": shown(asked), "neighbours": to_pictures(found["mean of the neighbours"])}
    rows |= {name: to_pictures(found[name]) for name in (_SQUARED, _GAME, *(way.name for way in SAMPLED))}
    rows["truth"] = to_pictures(asked.x)
    return context.figure(
        rows_figure({name: x[:_SHOWN] for name, x in rows.items()}, cell=0.85), "completed-all",
        run=diffused(context)[0],
        caption="The same pictures and masks, completed by colours that diffuse, by the two networks, and by an "
                "unconditional diffusion model that is guided or resampled. No training saw these pictures.",
        alt="Nine rows of eight pictures, one row for each way to complete them, between what is known and the truth")


@styled()
def _plane(context: Context, found: dict[str, Found], judge: Judge) -> Figure:
    figure, (axes,) = canvas(7.2, 4.0)
    for k, (name, each) in enumerate(found.items()):
        filled = name not in FILLS
        k = k - len(FILLS) if filled else k
        axes.errorbar(each.psnr.value, each.distance.value, color=COLORS[k] if filled else GRAY, marker=MARKERS[k],
                      linestyle="", markersize=7, fillstyle="full" if filled else "none", label=name,
                      xerr=[[each.psnr.value - each.psnr.low], [each.psnr.high - each.psnr.value]], elinewidth=0.7)
    known_line(axes, judge.floor, "the same pictures, nothing hidden")
    axes.set(xlabel="PSNR of hidden pixels (dB): near the truth →", ylabel=f"{judge.name}: ← like real pictures",
             yscale="log")
    figure.legend(loc="outside right upper", frameon=False)
    return context.figure(
        figure, "plane",
        caption="Nearness to the truth and likeness to real pictures are two things: the mean is best at the one, and "
                "draws of the posterior lose 3 dB of it. Bars are 95 % intervals over pictures.",
        alt="Points for each way to complete pictures, by PSNR and Fréchet distance, with the floor as a dashed line")


def _doors(context: Context, there: Rooms, ways: list[DoorWay]) -> Figure:
    rows = {way.name: way.completed for way in ways if len(way.completed) == len(ways[0].completed)}
    return context.figure(
        rows_figure(door_rows(there, rows), chances(there), cell=0.75), "doors-all",
        caption="One answer of each way for each room. The diffusion model is the exact one here, so what is wrong "
                "with its doors is the way that it is asked.",
        alt="Rows of eight rooms for each way: means are doors of a colour between, draws are light or dark doors")


def _table(found: dict[str, Found], judge: Judge) -> Table:
    calls = {way.name: way.calls for way in SAMPLED}
    rows = [(name, f"{calls[name]} × T" if name in calls else "1" if name in NETWORKS.values() else "—",
             f"{each.psnr.value:.2f}", f"{each.distance.value:.3g}", f"{each.detail:.2f}")
            for name, each in found.items()]
    rows.append(("the pictures themselves", "—", "—", f"{judge.floor:.3g}", "1"))
    return Table(header=("completed by", "network calls", "PSNR (dB)", judge.name, "detail"), rows=tuple(rows),
                 caption=f"Pictures that were kept back, {judge.reference.n} of them, all with the same masks. Detail "
                         "is the sum of squared differences of hidden neighbours over that of the truth. A gradient "
                         "counts as two calls.")


def _door_table(there: Rooms, ways: list[DoorWay]) -> Table:
    rows = []
    for way in ways:
        found = there.score(way.completed)
        rows.append((way.name, f"{found.error:.4f}", f"{way.ratio:.2f}", f"{found.near:.0%}", f"{way.off:.2f}"))
    return Table(header=("completed by", "squared error", "over the exact mean's", "doors that exist", "off from p"),
                 rows=tuple(rows),
                 caption="Doors. A way that draws from the posterior has twice the error of the exact mean, only doors "
                         "that exist, and light ones with each room's probability p; the last column is the root mean "
                         f"square of the difference over rooms, {ways[1].off:.2f} for exact draws by chance.")


def _results(context: Context, there: Rooms, ways: list[DoorWay], found: dict[str, Found],
             judge: Judge) -> tuple[Result, ...]:
    by, count = {way.name: way for way in ways}, len(ways[0].completed)
    mean, draws = by[EXACT[0]], by[EXACT[1]]
    plain, played = found[_SQUARED], found[_GAME]
    n = len(questions(context).x)
    own = [Result(name=f"pictures: {judge.name}, {name}", value=each.distance.value, n=n, known=judge.floor,
                  interval=(each.distance.low, each.distance.high), known_name="the same pictures, nothing hidden")
           for name, each in found.items() if name not in FILLS]
    return (
        near(Result(name="doors: error of exact posterior draws over that of the exact mean", value=draws.ratio,
                    known=2.0, known_name="draws and truth are independent given what is known", n=count,
                    tolerance="within 4 standard errors"), 4 * ratio_error(there, draws.completed, mean.completed)),
        Result(name="doors: share of doors that exist, exact conditional mean",
               value=there.score(mean.completed).near, known=1.0, known_name="real doors", n=count),
        at_most(Result(name="pictures: detail of hidden parts, squared error alone", value=plain.detail, known=1.0,
                       known_name="truth", n=n, tolerance="blurred"), 0.7),
        at_least(Result(name="pictures: detail of hidden parts, with the game", value=played.detail, known=plain.detail,
                        known_name="squared error alone", n=n), plain.detail),
        *own,
    )


def ratio_error(there: Rooms, above: Tensor, below: Tensor) -> float:
    """The standard error of ā/b̄, of the squared errors a and b of two completions of the same doors.

        s = std(a − (ā/b̄) b)/(b̄ √n)        [Cochran 1977, Eq. 2.46]
    """
    count = len(above)
    a, b = (hidden_error(each, there.truth[:count], there.mask[:count]).double() for each in (above, below))
    return float((a - a.mean() / b.mean() * b).std() / b.mean()) / math.sqrt(count)


def _text(there: Rooms, ways: list[DoorWay], found: dict[str, Found], judge: Judge) -> tuple[str, ...]:
    by = {way.name: way for way in ways}
    plain, played = found[_SQUARED], found[_GAME]
    best = min((name for name in found if name not in FILLS), key=lambda name: found[name].distance.value)
    near_best = max(found, key=lambda name: found[name].psnr.value)
    loose, agreed = by["RePaint, U = 1"], by["RePaint, U = 10"]
    return (
        f"{there.score(by[EXACT[0]].completed).near:.0%} of the exact means are doors that exist. On pictures the "
        f"network's hidden parts have {number(plain.detail, 2)} of the true detail; with the game it is "
        f"{number(played.detail, 2)}.",
        f"Exact draws have {number(by[EXACT[1]].ratio, 3)} times the squared error of the exact mean in "
        f"{len(ways[0].completed)} rooms. PSNR alone therefore prefers "
        f"blur: {near_best} has the highest here. The Fréchet distance asks for likeness to other pictures: the least "
        f"of the networks and samplers is {number(found[best].distance.value, 2)} ({best}), where the uncovered "
        f"pictures have {number(judge.floor, 2)}.",
        "A diffusion model that never saw a mask draws instead of averaging. RePaint noises the known part anew at "
        "every step; without resampling its doors hardly know their room (off from p by "
        f"{number(loose.off, 2)}, {number(agreed.off, 2)} at U = 10, {number(by[EXACT[1]].off, 2)} for exact draws). "
        "Guidance through x̂0 asks what the present estimate would say of the known pixels. It takes the known pixels' "
        "uncertainties for independent, though one wall has one brightness, so it is too sure: likely doors become "
        f"likelier (off by {number(by['guided by x̂0'].off, 2)}). Guidance by x_t itself, as in S4.8, hardly reaches "
        f"the hidden part ({number(by['guided by x_t'].off, 2)}).",
    )
