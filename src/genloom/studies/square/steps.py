"""S2.6: what the number of steps does to the samples, with the exact step and with the text's."""

from functools import partial
from typing import NamedTuple

from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.metrics.floor import Floor
from genloom.report.figures import COLORS, DASHED, canvas, styled
from genloom.report.numbers import at_most, fixed, near, number
from genloom.report.plots import known_line, outlines, plane, scatter
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.square import draws
from genloom.studies.square.draws import CORNERS, STD, VIEW, Square, coordinate_std, distance, distance_floor, square
from genloom.studies.study import Answer, deliverable

STEPS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 1000)
_SHOWN = (1, 2, 5, 10, 50, 200)
_LONGER = 200  # all but the trained model with the exact step end here: beyond, nothing changes


class Swept(NamedTuple):
    """What one denoiser and step rule give at each number of steps: ends (N, 2), their distances, and their spreads."""

    points: dict[int, Tensor]
    distances: dict[int, float]
    stds: dict[int, float]


def sweep(here: Square, denoiser: Denoiser, *, exact_step: bool, longest: int) -> Swept:
    """Samples at each number of steps from one start, by DDIM or by the text's Euler step in t."""
    x = here.start(draws.EFFORT.compared, 6)
    points = {}
    for steps in STEPS:
        if steps <= longest:
            points[steps] = (
                here.run(denoiser, x, steps) if exact_step else here.run(denoiser, x, steps, "euler-t", clean=False)
            )
    return Swept(
        points,
        {steps: distance(here, x) for steps, x in points.items()},
        {steps: coordinate_std(x) for steps, x in points.items()},
    )


def _sweeps(here: Square) -> tuple[dict[str, Swept], dict[str, Swept]]:
    """By the name of the denoiser: the exact step, and the text's."""
    most, names = draws.EFFORT.most, list(here.denoisers)
    tasks = [
        partial(sweep, here, here.denoisers[name], exact_step=exact_step, longest=longest)
        for exact_step in (True, False)
        for name, longest in zip(names, (most if exact_step else min(most, _LONGER), min(most, _LONGER)), strict=True)
    ]
    found = draws.side_by_side(tasks)
    return dict(zip(names, found[:2], strict=True)), dict(zip(names, found[2:], strict=True))


@deliverable(
    "S2.6", "The number of steps", question="Show samples for different numbers of steps T. What does T change?"
)
def s2_6(context: Context) -> Answer:
    """Pictures and distances for T from 1 to 1000, trained and exact, with the exact step and the text's."""
    here = square(context)
    exact_step, euler = _sweeps(here)
    floor = distance_floor(context, here)
    trained, exact, text_step = exact_step["trained"], exact_step["exact"], euler["trained"]
    results, text = _steps_results(exact_step, euler, floor), _steps_text(exact_step, euler, floor)
    figures = [_steps_grid(context, here, trained, exact, text_step), _steps_curves(context, here, exact_step, euler)]
    return Answer(
        text=text,
        figures=figures,
        tables=[_steps_table(exact_step, euler)],
        results=results,
        formula="exact: x ← x̂_0 + e^{−5/T} (x − x̂_0);   Euler in t: x ← x̂_0 + (1 − 5/T)(x − x̂_0)",
        source="S2 Eq. 7 and Alg. 1; Song, Meng & Ermon 2021, Eq. 12 with η = 0",
    )


def _steps_results(exact_step: dict[str, Swept], euler: dict[str, Swept], floor: Floor) -> tuple[Result, ...]:
    trained, exact, text_step = exact_step["trained"], exact_step["exact"], euler["trained"]
    most = max(trained.distances)
    return (
        at_most(
            Result(
                name=f"distance to data at T = {most:,}",
                value=trained.distances[most],
                known=floor.mean,
                known_name="data against data, mean",
                n=draws.EFFORT.compared,
                source="sliced Wasserstein-2",
            ),
            floor.high,
        ),
        near(
            Result(
                name="standard deviation at T = 1",
                value=trained.stds[1],
                known=exact.stds[1],
                n=draws.EFFORT.compared,
                known_name="exact denoiser: the posterior means",
            ),
            0.015,
        ),
        near(
            Result(
                name="text's Euler step at T = 1: standard deviation",
                value=text_step.stds[1],
                known=euler["exact"].stds[1],
                known_name="exact denoiser, same step",
                n=draws.EFFORT.compared,
                formula="5 x̂_0 − 4 x",
            ),
            0.25,
        ),
        near(
            Result(
                name="text's Euler step at T = 5: standard deviation",
                value=text_step.stds[5],
                known=euler["exact"].stds[5],
                known_name="exact denoiser, same step",
                n=draws.EFFORT.compared,
                formula="every step ends in x̂_0",
            ),
            0.015,
        ),
    )


def _steps_text(exact_step: dict[str, Swept], euler: dict[str, Swept], floor: Floor) -> tuple[str, ...]:
    trained, exact, text_step = exact_step["trained"], exact_step["exact"], euler["trained"]
    enough = next((steps for steps, value in trained.distances.items() if value <= floor.high), 0)
    reached = f"at T = {enough}; beyond, nothing is gained" if enough else "at none of these T"
    most, last = max(trained.distances), max(text_step.distances)
    return (
        "T is the number of calls of the network. With one step the sampler can only jump to x̂_0 = E[x_0 | x_1], "
        "the mean of all the square's points that could have led here: a cloud of standard deviation "
        f"{fixed(trained.stds[1], 2)} instead of {fixed(STD, 2)}. With T = 5 it is {fixed(trained.stds[5], 2)}, with "
        f"50 it is {fixed(trained.stds.get(50, trained.stds[most]), 2)}, with {most:,} "
        f"{fixed(trained.stds[most], 2)}: few steps leave the edge empty, and each step more carries samples farther "
        "out.",
        f"The distance to the data falls about as 1/T, from {number(trained.distances[1], 2)} at T = 1 to "
        f"{number(trained.distances[10], 2)} at T = 10, and reaches what two data sets differ by (at most "
        f"{number(floor.high, 2)}) {reached}. The exact denoiser gives nearly the same curve "
        f"({number(exact.distances[10], 2)} at T = 10), so this is the error of the steps and not of the network.",
        "The text's reverse step is Euler's in t: x ← x + (5/T)(x̂_0 − x). The exact factor of x − x̂_0 is e^{−5/T}, "
        "Euler's is 1 − 5/T. At T = 1 that is −4: samples are thrown out of the square (standard deviation "
        f"{fixed(text_step.stds[1], 1)}). At T = 5 it is 0: every step lands on x̂_0, all noise is gone after the "
        f"first one, and the samples collapse to {fixed(text_step.stds[5], 2)}, smaller than with one exact step. "
        f"The exact denoiser does the same ({fixed(euler['exact'].stds[1], 1)} and "
        f"{fixed(euler['exact'].stds[5], 2)}): the rule is at fault. At T = {last} the two steps agree "
        f"({fixed(text_step.stds[last], 3)} and {fixed(trained.stds[last], 3)}). The loop has T updates, from t = 1 "
        "to t = 1/T; written as t = 1, …, 0 it would have T + 1, and step below the data's own σ(0).",
    )


@styled()
def _steps_grid(context: Context, here: Square, trained: Swept, exact: Swept, euler: Swept) -> Figure:
    shown = [steps for steps in _SHOWN if steps in trained.points]
    figure, axes = canvas(1.62 * len(shown) + 0.3, 5.2, 3, len(shown), sharex=True, sharey=True)
    rows = (
        ("exact step, trained", trained, COLORS[0]),
        ("exact step, exact denoiser", exact, COLORS[2]),
        ("Euler in t, trained", euler, COLORS[1]),
    )
    for r, (name, swept, color) in enumerate(rows):
        for k, steps in enumerate(shown):
            axis = axes[r * len(shown) + k]
            scatter(axis, swept.points[steps][:1000], size=1.6, color=color)
            outlines(axis, *CORNERS)
            plane(axis, *VIEW, f"T = {steps:,}" if r == 0 else "")
            axis.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
            axis.text(
                0.5, 0.03, f"std {fixed(swept.stds[steps], 2)}", transform=axis.transAxes, ha="center", fontsize=7.5
            )
        axes[r * len(shown)].set_ylabel(name, fontsize=8.5)
    return context.figure(
        figure,
        "s2-06-steps",
        run=here.trained,
        caption="1,000 samples after T steps from one start: DDIM's exact step with the trained and the exact "
        "denoiser, and the text's Euler step, whose samples at T = 1 lie mostly outside the picture.",
        alt=(
            "Three rows of scatter plots for growing T. The first two rows are alike: a blob that grows into the "
            "square. In the third the points are thrown apart at one step, collapse at five, and fill the square at "
            "many."
        ),
    )


@styled()
def _steps_curves(context: Context, here: Square, exact_step: dict[str, Swept], euler: dict[str, Swept]) -> Figure:
    floor = distance_floor(context, here)
    figure, (left, right) = canvas(9.0, 3.7, 1, 2)
    left.axhspan(max(floor.low, 1e-3), floor.high, color="#d8dce3", alpha=0.7, linewidth=0, label="data against data")
    curves = (
        ("exact step, trained", exact_step["trained"], COLORS[0], "o", "-"),
        ("exact step, exact denoiser", exact_step["exact"], COLORS[2], "^", DASHED),
        ("Euler in t, trained", euler["trained"], COLORS[1], "s", "-"),
    )
    for name, swept, color, marker, style in curves:
        steps = list(swept.distances)
        left.plot(steps, [swept.distances[T] for T in steps], color=color, marker=marker, linestyle=style, label=name)
        right.plot(steps, [swept.stds[T] for T in steps], color=color, marker=marker, linestyle=style)
    known_line(right, STD, "data")
    for axis in (left, right):
        axis.set_xscale("log")
        axis.set_xlabel("steps T")
    left.set_yscale("log")
    left.set(ylabel="sliced Wasserstein-2 distance", title="distance to fresh data")
    right.set(ylabel="standard deviation", ylim=(0.2, 0.75), title="spread of the samples")
    right.annotate(
        f"Euler in t, T = 1: {fixed(euler['trained'].stds[1], 1)}", (2.1, 0.73), fontsize=8.5, color=COLORS[1], va="top"
    )
    left.legend()
    right.legend(loc="lower right")
    return context.figure(
        figure,
        "s2-06-distance",
        run=here.trained,
        caption="Distance to the data and spread of the samples over T, with what data against data give (band) "
        "and the exact spread (dashed line).",
        alt=(
            "The distance of the exact step falls along a straight line until it enters the band near a few dozen "
            "steps, equally for the trained and the exact denoiser. The Euler step jumps up and down below ten steps."
        ),
    )


def _steps_table(exact_step: dict[str, Swept], euler: dict[str, Swept]) -> Table:
    swept = (exact_step["trained"], exact_step["exact"], euler["trained"], euler["exact"])
    rows = tuple((f"{steps:,}", *(_cell(part, steps) for part in swept)) for steps in exact_step["trained"].distances)
    return Table(
        header=("T", "exact step, trained", "exact step, exact", "Euler in t, trained", "Euler in t, exact"),
        rows=rows,
        caption="Distance to fresh data / standard deviation of the samples.",
    )


def _cell(swept: Swept, steps: int) -> str:
    return f"{number(swept.distances[steps], 2)} / {fixed(swept.stds[steps], 3)}" if steps in swept.points else "—"
