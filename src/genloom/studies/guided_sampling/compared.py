"""S0.25: DDPM, DDIM and the fast samplers compared."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genloom.report.figures import COLORS, MARKERS, canvas, styled
from genloom.report.numbers import number
from genloom.report.plots import known_line
from genloom.report.results import Figure, Result
from genloom.studies.context import Context
from genloom.studies.guided_sampling.axes import plain_log
from genloom.studies.guided_sampling.ddim import ddim_rows
from genloom.studies.guided_sampling.ddpm import ddpm_rows
from genloom.studies.guided_sampling.judges import Real, clean_judge
from genloom.studies.guided_sampling.orders import order_figure, order_results, order_text, orders
from genloom.studies.guided_sampling.tables import Row, distance_results, floor, kernel_no_worse, row, scoring_table
from genloom.studies.guided_sampling.work import digits
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAST = {"dpmpp-2m": "DPM-Solver++", "unipc": "UniPC", "heun": "Heun"}
"""Samplers beside DDPM and DDIM."""


@deliverable("S0.25", "DDPM and DDIM compared",
             question="Compare DDPM and DDIM: quality and time at each number of steps.")
def compared(context: Context) -> Answer:
    """All samplers on one checkpoint: distance over network calls and over time, and the orders."""
    families, judge, known = all_rows(context), clean_judge(context), floor(context)
    full, found = families["DDPM"][-1], orders(context)
    rows = [each for family in families.values() for each in family]
    return Answer(
        text=(
            f"DDPM at its most steps, {full.steps}, has {judge.distance} {number(full.scored.scores.frechet, 3)} "
            f"and takes {number(1000 * full.drawn.seconds, 3)} ms per image here. "
            f"{_first_as_good(context, rows, full)}",
            f"The verdicts are of the kernel distance: {judge.distance} of {full.scored.scores.n} pictures hangs on a "
            "few odd ones, and its intervals overlap for all samplers, where the kernel distance has no bias and a "
            "small error.",
            "The axis counts network calls and not steps, since Heun's method takes two calls a step, and calls are "
            "what costs time: the right figure has the same points over measured time.",
            order_text(found),
        ),
        figures=(_figure(context, families, known, judge.distance), order_figure(context, found)),
        tables=(scoring_table(rows, judge, known, named=True),),
        results=(*(_no_worse(context, families, name, full) for name in ("dpmpp-2m", "unipc")), *order_results(found),
                 *distance_results(context, [each for name in FAST.values() for each in families[name]])),
        source="Song, Meng & Ermon 2021; Karras et al. 2022; Lu et al. 2022b; Zhao et al. 2023",
    )


def all_rows(context: Context) -> dict[str, list[Row]]:
    """Every sampler's rows by its name; η = 1 of DDIM is DDPM."""
    sizes = digits(context).sizes
    found = {"DDPM": ddpm_rows(context), "DDIM": ddim_rows(context, 0.0), "DDIM, η = ½": ddim_rows(context, 0.5)}
    for sampler, name in FAST.items():
        steps = sizes.heun if sampler == "heun" else sizes.fast
        found[name] = [row(context, name, sampler, each) for each in steps]
    return found


def _no_worse(context: Context, families: Mapping[str, Sequence[Row]], sampler: str, full: Row) -> Result:
    """A fast sampler at 20 steps, or its most steps below, beside DDPM at all steps."""
    chosen = [each for each in families[FAST[sampler]] if each.steps <= 20][-1]
    return kernel_no_worse(context, chosen, full)


def _first_as_good(context: Context, rows: Sequence[Row], full: Row) -> str:
    """The row with the fewest calls that is as good as DDPM at all steps."""
    as_good = sorted((each for each in rows if each.steps < full.steps
                      and kernel_no_worse(context, each, full).status == "pass"), key=lambda each: each.drawn.calls)
    if not as_good:
        return f"No other sampler here comes within its error in {clean_judge(context).kernel}."
    best = as_good[0]
    return (f"The cheapest that is no worse in {clean_judge(context).kernel} is {best.name} at {best.steps} steps: "
            f"{best.drawn.calls:g} network calls in place of {full.drawn.calls:g}, "
            f"{number(1000 * best.drawn.seconds, 3)} ms per image.")


def _figure(context: Context, families: Mapping[str, Sequence[Row]], known: Real, distance: str) -> Figure:
    figure, (left, right) = canvas(9.2, 4.9, 1, 2, sharey=True)
    sets = [each.scores.frechet for each in known.sets]
    _panel(left, families, lambda each: each.drawn.calls)
    _panel(right, families, lambda each: 1000 * each.drawn.seconds)
    for axes in (left, right):
        known_line(axes, known.mean("frechet"), "real test digits")
        axes.axhspan(min(sets), max(sets), color="black", alpha=0.07, linewidth=0)
    left.set(xlabel="network calls per image", ylabel=distance)
    right.set(xlabel="ms per image")
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4)
    return context.figure(figure, "samplers", run=digits(context).trained,
                          caption=f"{distance} of every sampler over network calls and over measured time. The dashed "
                                  f"line is the mean over {len(sets)} sets of as many real test digits, the band goes "
                                  "from the least to the largest of them: samplers inside it are as good as real.",
                          alt=f"Curves of {distance} over network calls and over time, one for each sampler, beside "
                              "the band of real digits")


@styled()
def _panel(axes: "Axes", families: Mapping[str, Sequence[Row]], place: Any) -> None:
    for k, (name, rows) in enumerate(families.items()):
        values = [each.scored.scores.frechet for each in rows]
        axes.plot([place(each) for each in rows], values, color=COLORS[k], marker=MARKERS[k], label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    plain_log(axes.xaxis, axes.yaxis)
