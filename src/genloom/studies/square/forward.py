"""S2.3: how the forward process carries a point away, and the variance that its steps must have."""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.diffusion.schedule import Schedule
from genloom.report.figures import COLORS, DASHED, GRAY, KNOWN, canvas, styled
from genloom.report.numbers import fixed, near, number
from genloom.report.plots import colorbar, outlines, plane, scatter, trajectory
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.square import draws
from genloom.studies.square.draws import CORNERS, VIEW, Square, square
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OUTSIDE = (1.5, -1.2)


class Spread(NamedTuple):
    """Variances per coordinate of x_t − x0 at `times` (L,), over many paths: the right way and two wrong ones.

    exact       σ²(t) − σ²(0)
    right       increments N(0, σ²(t+dt) − σ²(t))
    every       the same step by step, but with σ(t) ε in each step
    squared     x0 + σ²(t) ε in one step, as Eq. 4 is printed
    """

    times: Tensor
    exact: Tensor
    right: Tensor
    every: Tensor
    squared: Tensor


def forward_paths(schedule: Schedule, x0: Tensor, steps: int, noise: torch.Generator, *, wrong: bool = False) -> Tensor:
    """Paths of the forward process from points x0 (N, 2), shape (N, steps + 1, 2), at t = 0, 1/steps, …, 1.

    x_{t+dt} = x_t + √(σ²(t+dt) − σ²(t)) ε: the increments of a process whose variance is σ²(t) − σ²(0). `wrong` adds
    σ(t + dt) ε in each step instead.
    """
    times = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    variances = schedule.sigma(times).square()
    size = variances[1:] if wrong else variances.diff()
    moves = size.sqrt()[:, None] * torch.randn(len(x0), steps, 2, generator=noise, dtype=torch.float64)
    start = x0.double()[:, None]
    return torch.cat([start, start + moves.cumsum(1)], 1)


def forward_spread(schedule: Schedule, paths: int, seed: int, *, steps: int = 1000, rows: int = 51) -> Spread:
    """The variances over `paths` paths, at `rows` times."""
    times = torch.linspace(0, 1, rows, dtype=torch.float64)
    every = steps // (rows - 1)
    block = 500
    sums = torch.zeros(2, rows, dtype=torch.float64)
    noise = generator(seed, 1010)
    for first in range(0, paths, block):
        origin = torch.zeros(min(block, paths - first), 2, dtype=torch.float64)
        for k, wrong in enumerate((False, True)):
            sums[k] += forward_paths(schedule, origin, steps, noise, wrong=wrong)[:, ::every].square().sum((0, 2))
    right, added = sums / (2 * paths)
    sigma = schedule.sigma(times)
    jumps = torch.randn(2 * paths, generator=noise, dtype=torch.float64).square().mean() * sigma**4
    return Spread(times, sigma**2 - sigma[0] ** 2, right, added, jumps)


@deliverable(
    "S2.3",
    "The forward process of one point",
    question="Show the forward process of a point that starts outside the square, coloured by time.",
)
def s2_3(context: Context) -> Answer:
    """A path from outside the square, and the variance that many of them have."""
    here = square(context)
    spread = forward_spread(here.schedule, draws.EFFORT.paths, context.seed)
    exact, right, wrong, printed = (float(part[-1]) for part in spread[1:])
    n = 2 * draws.EFFORT.paths
    error = exact * math.sqrt(2 / n)
    results = (
        near(
            Result(
                name="variance of x_1 − x_0 per coordinate",
                value=right,
                known=exact,
                known_name="σ²(1) − σ²(0)",
                n=n,
                interval=(right - 1.96 * error, right + 1.96 * error),
                formula="steps N(0, σ²(t+dt) − σ²(t))",
            ),
            4 * error,
        ),
        near(
            Result(
                name="the same, with σ(t) ε added in each of 1,000 steps",
                value=wrong,
                n=n,
                known=float(
                    here.schedule.sigma(spread.times.new_tensor([k / 1000 for k in range(1, 1001)])).square().sum()
                ),
                known_name="Σ σ²(t), what this mistake must give",
                formula="steps N(0, σ²(t))",
            ),
            4 * error * wrong / exact,
        ),
    )
    last = float(1 - here.schedule.sigma(torch.tensor(0.8)).square() / here.schedule.sigma(torch.tensor(1.0)).square())
    t = 40
    text = (
        f"The point starts at ({fixed(_OUTSIDE[0], 1)}, {fixed(_OUTSIDE[1], 1)}) and is never pulled anywhere: with "
        "S(t) = 1 the process only adds noise, the same for points inside and outside the square. σ(t) = e^{5(t−1)} "
        f"grows from {number(float(here.schedule.sigma(torch.tensor(0.0))), 2)} to 1, and its square even faster: "
        f"{100 * last:.0f} % of the variance is added after t = 0.8, which is why the dark part of the path hardly "
        "leaves its start.",
        f"A path is right if its steps have the variance σ²(t+dt) − σ²(t), for then they add up. Over {n // 2:,} "
        f"paths the variance at the end is {fixed(right, 3)} where σ²(1) − σ²(0) is {fixed(exact, 5)}.",
        "Adding σ(t) ε in each step is the common mistake: the marginal's standard deviation is not the increment's. "
        f"It gives {fixed(wrong, 1)}, {wrong / exact:.0f} times too much, and twice the number of steps would double "
        "it. Eq. 4 of the text is misprinted as x_0 + σ²(t) ε: at t = 1, where σ = 1, nobody notices "
        f"({fixed(printed, 3)}), but at t = 0.8 the variance would be {number(float(spread.squared[t]), 2)} instead "
        f"of {number(float(spread.exact[t]), 2)}.",
    )
    return Answer(
        text=text,
        figures=[_forward_figure(context, here, spread)],
        tables=[_forward_table(spread)],
        results=results,
        formula="x_{t+dt} = x_t + √(σ²(t+dt) − σ²(t)) ε,  so x_t = x_0 + √(σ²(t) − σ²(0)) ε",
        source="Song et al. 2021, Eq. 8; S2 Eq. 1 and 4 with σ for σ²",
    )


@styled()
def _forward_figure(context: Context, here: Square, spread: Spread) -> Figure:
    steps = 1000
    noise = generator(context.seed, 1011)
    path = forward_paths(here.schedule, torch.tensor([_OUTSIDE]), steps, noise)[0]
    figure, (left, right) = canvas(9.0, 4.0, 1, 2, width_ratios=(1.2, 1))
    scatter(left, here.points, color=GRAY, size=2, alpha=0.5)
    outlines(left, *CORNERS)
    drawn = trajectory(left, path, np.linspace(0, 1, steps + 1), width=1.1)
    reach = torch.cat([path, torch.tensor(VIEW, dtype=torch.float64)])
    plane(left, (reach.amin(0) - 0.15).tolist(), (reach.amax(0) + 0.15).tolist(), "one path: □ at t = 0, ○ at t = 1")
    colorbar(figure, drawn, left, "time t")
    _variance_lines(right, spread)
    return context.figure(
        figure,
        "s2-03-forward",
        run=here.trained,
        caption=f"Left: the forward process of the point {_OUTSIDE}, 1,000 steps. Right: the variance "
        f"of x_t − x_0 over {draws.EFFORT.paths:,} paths, done right and with two mistakes.",
        alt="Left: a path that begins right below the square in tiny steps and ends in large ones. Right: "
        "the measured variance lies on the exact curve; adding sigma in each step lies a hundred times above it and "
        "the squared sigma far below it.",
    )


def _variance_lines(axes: "Axes", spread: Spread) -> None:
    times, later = spread.times.numpy(), slice(1, None)
    axes.plot(
        times[later],
        spread.every[later],
        color=COLORS[1],
        marker="s",
        markevery=8,
        label="mistake: σ(t) ε in each step",
    )
    axes.plot(times[later], spread.right[later], color=COLORS[0], marker="o", markevery=8, label="right increments")
    axes.plot(
        times[later], spread.squared[later], color=COLORS[3], marker="D", markevery=8, label="misprint: $x_0$ + σ² ε"
    )
    axes.plot(times[later], spread.exact[later], color=KNOWN, linewidth=1.1, linestyle=DASHED, label="σ²(t) − σ²(0)")
    axes.set_yscale("log")
    axes.set(xlabel="time t", ylabel="variance of a coordinate", title="variance over many paths", ylim=(1e-7, 1e5))
    axes.legend(loc="upper left")


def _forward_table(spread: Spread) -> Table:
    rows = []
    for t in (0.2, 0.4, 0.6, 0.8, 1.0):
        k = round(t * (len(spread.times) - 1))
        rows.append((f"{t:.1f}", *(number(float(part[k]), 3) for part in spread[1:])))
    return Table(
        header=("t", "σ²(t) − σ²(0)", "right increments", "σ(t) ε each step", "x_0 + σ² ε"),
        rows=tuple(rows),
        caption="Variance of a coordinate of x_t − x_0.",
    )
