"""S2.7: a sampler with another rule of a step and other σ, compared with the original at equal calls."""

from genloom.metrics.floor import Floor
from genloom.report.figures import COLORS, DASHED, GRAY, MARKERS, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import outlines, plane, scatter
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.square.draws import CORNERS, VIEW, Square, distance_floor, square
from genloom.studies.square.variants import (
    CALLS,
    MODIFIED,
    ORIGINAL,
    TEN,
    VARIANTS,
    Comparison,
    comparison,
    order,
    steps_for,
)
from genloom.studies.study import Answer, deliverable


@deliverable(
    "S2.7",
    "A modified sampler",
    question="Modify the sampler or its schedule of steps, describe the choice, and compare it with the original.",
)
def s2_7(context: Context) -> Answer:
    """UniPC on a Karras grid against DDIM on even times, at equal calls, each change also alone."""
    here = square(context)
    found = comparison(context, here)
    results, text = _results(found), _text(found, distance_floor(context, here))
    figures = [_samples_figure(context, here, found), _error_figure(context, here, found)]
    return Answer(
        text=text,
        figures=figures,
        results=results,
        tables=[_ablation(found)],
        formula=(
            "x_s = (σ_s/σ_t) x − (e^{−h} − 1)(x̂_0 + ½ D),  h = log σ_t/σ_s;  σ_i = (σ_max^{1/7} + i/(N−1) "
            "(σ_min^{1/7} − σ_max^{1/7}))^7"
        ),
        source="Zhao et al. 2023, Alg. 7; Karras et al. 2022, Eq. 5",
    )


def _results(found: Comparison) -> tuple[Result, ...]:
    at = {variant.name: found.trained[variant.name].error[TEN] for variant in VARIANTS}
    orders = {variant.name: order(found.exact[variant.name]) for variant in VARIANTS}
    return (
        near(
            Result(
                name="order of DDIM in the number of calls",
                value=orders[ORIGINAL.name],
                known=1.0,
                known_name="its claim; exact denoiser",
                formula="− slope of log error over log calls",
            ),
            0.15,
        ),
        near(
            Result(
                name="order of DPM-Solver++ 2M",
                value=orders["2M, even t"],
                known=2.0,
                known_name="its claim; exact denoiser",
            ),
            0.35,
        ),
        at_least(
            Result(
                name="order of UniPC-2 on the Karras grid",
                value=orders[MODIFIED.name],
                known=3.0,
                known_name="its claim; exact denoiser",
            ),
            2.0,
        ),
        at_most(
            Result(
                name=f"error at {TEN} calls, modified over original",
                value=at[MODIFIED.name] / at[ORIGINAL.name],
                n=len(found.original),
                known_name="smaller is better",
            ),
            0.5,
        ),
    )


def _text(found: Comparison, floor: Floor) -> tuple[str, ...]:
    at = {variant.name: found.trained[variant.name].error[TEN] for variant in VARIANTS}
    orders = {variant.name: order(found.exact[variant.name]) for variant in VARIANTS}
    first, second = found.trained[ORIGINAL.name], found.trained[MODIFIED.name]
    match = next((n for n in CALLS if first.error[n] <= second.error[TEN]), 0)
    most = f"more than {CALLS[-1]}" if not match else str(match)
    grids = "better still" if at["UniPC, even t"] < at[MODIFIED.name] else "no better"
    return (
        "The sampler solves dx/dσ = ε̂(x, σ) from σ = 1 down. The original takes x̂_0 as constant over a step, which "
        "is first order: half the step, half the error. Two things can be changed without touching the network: the "
        "rule of a step, and where the steps lie. The rule: UniPC extrapolates x̂_0 with the estimate of the step "
        "before and corrects x once the next estimate is known, at no further call. The places: even steps of "
        "σ^{1/7}, as Karras et al. take them, put more of the steps where σ is large than even steps of t do, since "
        "there x̂_0 moves most, and end at σ(0) instead of σ(1/T).",
        f"With {TEN} calls, samples of the original lie {number(at[ORIGINAL.name], 2)} from where the equation leads "
        f"(root mean square), those of the modified sampler {number(at[MODIFIED.name], 2)}: "
        f"{at[ORIGINAL.name] / at[MODIFIED.name]:.0f} times closer; DDIM needs {most} calls for that. Their distance "
        f"to the data is {number(first.distance[TEN], 2)} against {number(second.distance[TEN], 2)}, where data "
        f"against data is at most {number(floor.high, 2)} for twice as many points.",
        f"Each change alone: the grid takes DDIM from {number(at[ORIGINAL.name], 2)} to "
        f"{number(at['DDIM, Karras'], 2)}, the rule takes it to {number(at['UniPC, even t'], 2)}. So it is the rule "
        f"that matters; for UniPC at {TEN} calls the even grid is {grids} than Karras', because even t is even in "
        "log σ for this schedule, the variable in which UniPC extrapolates. With the exact denoiser the errors fall "
        f"with the powers {number(orders[ORIGINAL.name], 2)} (DDIM), {number(orders['2M, even t'], 2)} (2M), "
        f"{number(orders['Heun, Karras'], 2)} (Heun) and {number(orders[MODIFIED.name], 2)} (modified) of the number "
        "of calls.",
    )


@styled()
def _samples_figure(context: Context, here: Square, found: Comparison) -> Figure:
    figure, axes = canvas(8.6, 3.1, 1, 3)
    shown = (
        ("original", found.original, COLORS[0]),
        ("modified", found.modified, COLORS[2]),
        ("fresh data", here.fresh(1000, 7), GRAY),
    )
    for axis, (name, points, color) in zip(axes, shown, strict=True):
        scatter(axis, points[:1000], size=3, color=color)
        outlines(axis, *CORNERS)
        plane(axis, *VIEW, name if color == GRAY else f"{name}, {TEN} calls")
        axis.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    return context.figure(
        figure,
        "s2-07-modified",
        run=here.trained,
        caption=(
            f"1,000 samples from one start with {TEN} calls of the network: DDIM on even times, UniPC on the Karras "
            "grid, and data."
        ),
        alt=(
            "Three scatter plots: the original leaves the edges of the square thin, the modified one fills it as the "
            "data do."
        ),
    )


@styled()
def _error_figure(context: Context, here: Square, found: Comparison) -> Figure:
    floor = distance_floor(context, here)
    figure, (left, right) = canvas(9.2, 3.9, 1, 2)
    right.axhspan(max(floor.low, 1e-3), floor.high, color="#d8dce3", alpha=0.7, linewidth=0, label="data against data")
    for k, variant in enumerate(VARIANTS):
        color, marker = COLORS[k], MARKERS[k]
        calls = list(CALLS)
        left.plot(
            calls, [found.trained[variant.name].error[n] for n in calls], color=color, marker=marker, label=variant.name
        )
        left.plot(
            calls, [found.exact[variant.name].error[n] for n in calls], color=color, linestyle=DASHED, linewidth=0.9
        )
        right.plot(calls, [found.trained[variant.name].distance[n] for n in calls], color=color, marker=marker)
    for axis in (left, right):
        axis.set(
            xscale="log", yscale="log", xlabel="calls of the network", xticks=CALLS, xticklabels=[str(n) for n in CALLS]
        )
        axis.minorticks_off()
    left.set(ylabel="distance to the exact path's end", title="error of the steps (dashed: exact denoiser)")
    right.set(
        ylabel="sliced Wasserstein-2 distance",
        title="distance to fresh data",
        yticks=(0.01, 0.02, 0.05, 0.1),
        yticklabels=("0.01", "0.02", "0.05", "0.1"),
    )
    left.legend(loc="lower left", fontsize=7.5)
    right.legend(loc="upper right")
    return context.figure(
        figure,
        "s2-07-error",
        run=here.trained,
        caption=(
            "Left: how far samples lie from the end of the exact solution of the sampling equation. Right: how far "
            "they lie from the data."
        ),
        alt=(
            "Left: errors fall along straight lines, DDIM's slowly, Heun's faster, 2M's and UniPC's fastest, with "
            "the trained and the exact denoiser alike. Right: all but DDIM and Heun are inside the band of data "
            "against data from ten calls on."
        ),
    )


def _ablation(found: Comparison) -> Table:
    rows = []
    for variant in VARIANTS:
        trained, exact = found.trained[variant.name], found.exact[variant.name]
        rows.append(
            (
                variant.name,
                str(steps_for(variant, TEN)),
                number(trained.error[TEN], 2),
                number(exact.error[TEN], 2),
                number(trained.distance[TEN], 2),
                number(order(exact), 2),
            )
        )
    return Table(
        header=(
            "sampler",
            f"steps of {TEN} calls",
            "error, trained",
            "error, exact denoiser",
            "distance to data",
            "order, exact",
        ),
        rows=tuple(rows),
        caption=f"Every change alone and together, at {TEN} calls of the network.",
    )
