"""S2.8 and S2.9: the σ that the two samplers visit, and the rules of thumb that the measurements come down to."""

from typing import Any

import numpy as np
import torch

from genloom.diffusion.grid import grid
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import at_most, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.square import draws
from genloom.studies.square.draws import Square, distance, distance_floor, square
from genloom.studies.square.variants import CALLS, MODIFIED, ORIGINAL, TEN, VARIANTS, Comparison, comparison
from genloom.studies.study import Answer, deliverable


@deliverable(
    "S2.8", "σ over time", question="Plot the σ coefficients over time in the original sampler and in the modified one."
)
def s2_8(context: Context) -> Answer:
    """The σ that each sampler visits, over the part of its steps that is done."""
    here = square(context)
    steps = 20
    original = _sigmas(here, draws.EFFORT.most, "uniform")
    karras, even = _sigmas(here, steps, "karras"), _sigmas(here, steps, "uniform")
    low = float(here.schedule.sigma(torch.tensor(0.0, dtype=torch.float64)))
    half = steps // 2
    place = half / (steps - 1)
    known = (1 + place * (low ** (1 / 7) - 1)) ** 7
    middle = len(original) // 2
    results = (
        near(
            Result(
                name="σ half way, original",
                value=float(original[middle]),
                known=float(np.exp(-2.5)),
                known_name="e^{−5/2}",
                formula="σ(t) = e^{5(t−1)} at t = 1/2",
            ),
            1e-9 if draws.EFFORT.most % 2 == 0 else 0.1,
        ),
        near(
            Result(
                name=f"σ at step {half} of {steps}, modified",
                value=float(karras[half]),
                known=known,
                known_name="closed form",
                formula="(1 + i/(N−1) (σ_min^{1/7} − 1))^7",
            ),
            1e-9,
        ),
    )
    above = [int((sigmas > 0.3).sum()) for sigmas in (even, karras)]
    text = (
        "The original steps are even in t, so σ falls by the same factor in each: e^{−5/T}, a straight line on the "
        f"right. Half way σ is {number(float(original[middle]), 3)}, whatever T is.",
        f"The modified steps are even in σ^{{1/7}}, between even in σ and even in log σ. At step {half} of {steps} σ "
        f"is {number(float(karras[half]), 3)}, and {above[1]} of the {steps} steps are taken while σ > .3, where the "
        f"original takes {above[0]}. The last level before clean data is {number(float(karras[-2]), 2)} = σ(0) and "
        f"not σ(1/T) = {number(float(even[-2]), 2)}.",
        "It is the same curve σ(t) in both: what differs is only where on it the network is asked.",
    )
    return Answer(
        text=text,
        figures=[_sigma_figure(context, here, original, karras, even, steps)],
        results=results,
        formula="σ(t) = e^{5(t−1)};  original t_i = 1 − i/T;  modified σ_i = (1 + i/(N−1) (σ(0)^{1/7} − 1))^7",
        source="S2 §2.2; Karras et al. 2022, Eq. 5",
    )


def _sigmas(here: Square, steps: int, spacing: str) -> "np.ndarray[Any, Any]":
    return np.array([float(level.sigma) for level in grid(here.schedule, steps, spacing)])


@styled()
def _sigma_figure(
    context: Context,
    here: Square,
    original: "np.ndarray[Any, Any]",
    karras: "np.ndarray[Any, Any]",
    even: "np.ndarray[Any, Any]",
    steps: int,
) -> Figure:
    figure, axes = canvas(9.0, 3.6, 1, 2)
    for axis, scale in zip(axes, ("linear", "log"), strict=True):
        keep = slice(None) if scale == "linear" else slice(0, -1)  # clean data, σ = 0, has no logarithm
        for sigmas, name, color, marker in (
            (original, f"original, T = {len(original) - 1:,}", COLORS[0], ""),
            (even, f"original, T = {steps}", COLORS[5], "o"),
            (karras, f"modified, T = {steps}", COLORS[1], "s"),
        ):
            time = 1 - np.arange(len(sigmas)) / (len(sigmas) - 1)
            axis.plot(
                time[keep],
                sigmas[keep],
                color=color,
                marker=marker,
                markersize=4.5,
                linestyle="-" if not marker else "none",
                label=name,
            )
        axis.set(xlabel="time left, 1 − i/T", ylabel="σ", yscale=scale, xlim=(1.03, -0.03))
    axes[0].set_title("σ of each step")
    axes[1].set_title("the same, logarithmic")
    axes[0].legend()
    return context.figure(
        figure,
        "s2-08-sigma",
        run=here.trained,
        caption="The noise level at each step, from the start on the left to clean data on the right.",
        alt="Falling curves of sigma. The original is exponential, a straight line on the logarithmic scale. The "
        "modified one lies above it until near the end.",
    )


@deliverable("S2.9", "Rules of thumb", question="Which rules of thumb make an effective sampler?")
@draws.one_core()
def s2_9(context: Context) -> Answer:
    """What the measurements of S2.5 to S2.8 come down to."""
    here = square(context)
    found = comparison(context, here)
    floor = distance_floor(context, here)
    needed = {variant.name: _needed(found.trained[variant.name].error, 0.01) for variant in VARIANTS}
    least = min(((n, name) for name, n in needed.items() if n), default=(CALLS[-1], MODIFIED.name))
    ddim, best = found.trained[ORIGINAL.name], found.trained[least[1]]
    start = here.run(
        here.network, here.start(draws.EFFORT.compared, 9, "standard"), 50, least_sampler(least[1]), "uniform"
    )
    wrong, late = distance(here, start), max(CALLS)
    net = {n: abs(found.trained[MODIFIED.name].distance[n] - found.exact[MODIFIED.name].distance[n]) for n in CALLS}
    told = f"{needed[ORIGINAL.name]} calls" if needed[ORIGINAL.name] else f"more than {late} calls"
    text = (
        "1. Start where the forward process ends. From N(0, I) the best sampler, at 50 steps, stays "
        f"{number(wrong, 2)} from the data; from p_1 plain DDIM at {late} calls is at "
        f"{number(ddim.distance[late], 2)} (data against data: {number(floor.mean, 2)}). No number of steps mends a "
        "wrong start.",
        "2. Take a step that is exact for constant x̂_0, x ← x̂_0 + (σ_s/σ_t)(x − x̂_0), and never Euler in t: S2.6 "
        "shows it thrown out at T = 1 and collapsed at T = 5.",
        "3. Spend thought on the order and not on steps. To have samples within .01 of the exact path's end DDIM "
        f"needs {told}, {least[1]} needs {least[0]}. At {TEN} calls their errors are {number(ddim.error[TEN], 2)} "
        f"and {number(best.error[TEN], 2)}.",
        f"4. Multistep rules beat two calls a step when calls are few: at {TEN} calls Heun has "
        f"{number(found.trained['Heun, Karras'].error[TEN], 2)}, 2M "
        f"{number(found.trained['2M, even t'].error[TEN], 2)}.",
        "5. Place steps evenly in log σ or nearly so; the fewer the steps, the more it matters. The errors of UniPC's "
        f"even t and Karras grids are {number(found.trained['UniPC, even t'].error[5], 2)} and "
        f"{number(found.trained[MODIFIED.name].error[5], 2)} at 5 calls, "
        f"{number(found.trained['UniPC, even t'].error[20], 2)} and "
        f"{number(found.trained[MODIFIED.name].error[20], 2)} at 20. Whatever the grid, the last step goes to "
        "clean data.",
        "6. Stop where the network's own error begins. Trained and exact denoiser give distances to the data that "
        f"differ by {number(net[late], 2)} at {late} calls, and no sampler can remove that.",
    )
    result = at_most(
        Result(
            name=f"calls that {least[1]} needs for an error of .01",
            value=float(least[0]),
            known=float(needed[ORIGINAL.name]) if needed[ORIGINAL.name] else None,
            known_name="DDIM's" if needed[ORIGINAL.name] else f"DDIM: {told}",
            n=len(found.original),
        ),
        20,
    )
    return Answer(
        text=text,
        tables=[_rules_table(found)],
        results=[result],
        formula="error ≈ C N^{−p} for N calls: p = 1 for DDIM, 2 for Heun and 2M, up to 3 for UniPC-2",
        source="measured in S2.5 to S2.8; orders: Lu et al. 2022b, Zhao et al. 2023",
    )


def least_sampler(name: str) -> str:
    """The sampler of the variant of this name."""
    return next(variant.sampler for variant in VARIANTS if variant.name == name)


def _needed(errors: dict[int, float], limit: float) -> int:
    return next((n for n, error in errors.items() if error <= limit), 0)


def _rules_table(found: Comparison) -> Table:
    rows = tuple(
        (
            variant.name,
            *(
                f"{number(found.trained[variant.name].distance[n], 2)} / "
                f"{number(found.trained[variant.name].error[n], 1)}"
                for n in CALLS
            ),
        )
        for variant in VARIANTS
    )
    return Table(
        header=("sampler", *(f"{n} calls" for n in CALLS)),
        rows=rows,
        caption=(
            "Trained model: distance of the samples to fresh data / error against the exact solution of the sampling "
            "equation."
        ),
    )
