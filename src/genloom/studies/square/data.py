"""S2.1: the points, their moments, and tests of their uniformity."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, near, number
from genloom.report.plots import outlines, plane, scatter
from genloom.report.results import Figure, Result
from genloom.studies.context import Context
from genloom.studies.square.draws import CORNERS, STD, VIEW, Square, square
from genloom.studies.study import Answer, deliverable

_CELLS = 10


@deliverable("S2.1", "The data", question="Draw 1000 to 3000 points uniformly from the square [−1, 1]² and show them.")
def s2_1(context: Context) -> Answer:
    """The training points, their moments, and tests of their uniformity."""
    here = square(context)
    points = here.points
    moments, tests = _moments(points), _uniformity(points)
    x, y, std_x, std_y, correlation = (number(result.value, 3) for result in moments)
    chi, p_x, p_y = tests
    text = (
        f"{len(points):,} independent points. Their means are {x} and {y} where the square has 0, their standard "
        f"deviations {std_x} and {std_y} where it has 1/√3 = {number(STD)}, and x and y are correlated by "
        f"{correlation}: all within what chance allows for {len(points):,} points.",
        f"Uniform means more than moments. Of {_CELLS}² equal cells each should hold {len(points) / _CELLS**2:.0f} "
        f"points; the squared deviations add up to χ² = {number(chi.value)} where {_CELLS**2 - 1} is expected, and "
        f"the Kolmogorov–Smirnov tests of the two coordinates give p = {number(p_x.value, 2)} and "
        f"{number(p_y.value, 2)}. A model can be no better than its data: gaps and clusters that the eye sees here "
        "are chance, and a good model does not learn them.",
    )
    return Answer(
        text=text,
        figures=[_data_figure(context, here)],
        results=[*moments, *tests],
        formula="p(x) = 1/4 on [−1, 1]²;  E x = 0,  E x² = 1/3",
        source="S2 §2.2",
    )


def _moments(points: Tensor) -> list[Result]:
    n, (x, y) = len(points), points.double().T
    fourth = math.sqrt((1 / 5 - 1 / 9) / n)  # standard deviation of the mean of x²
    exact = "exact, and 3.3 standard errors"
    known = (
        ("mean of x", x.mean(), 0.0, STD / math.sqrt(n)),
        ("mean of y", y.mean(), 0.0, STD / math.sqrt(n)),
        ("standard deviation of x", x.std(), STD, fourth / (2 * STD)),
        ("standard deviation of y", y.std(), STD, fourth / (2 * STD)),
        ("correlation of x and y", torch.corrcoef(points.double().T)[0, 1], 0.0, 1 / math.sqrt(n)),
    )
    return [
        near(Result(name=name, value=float(value), known=truth, known_name=exact, n=n), 3.3 * error)
        for name, value, truth, error in known
    ]


def _uniformity(points: Tensor) -> tuple[Result, Result, Result]:
    from scipy import stats

    n, (x, y) = len(points), points.double().numpy().T
    counts, _, _ = np.histogram2d(x, y, bins=_CELLS, range=[(-1, 1), (-1, 1)])
    freedom = _CELLS**2 - 1
    chi = float(((counts - n / _CELLS**2) ** 2 / (n / _CELLS**2)).sum())
    low, high = (float(stats.chi2.ppf(q, freedom)) for q in (0.0005, 0.9995))
    square_sum = Result(
        name=f"χ² of {_CELLS} × {_CELLS} cells",
        value=chi,
        known=float(freedom),
        n=n,
        known_name="its expectation, the degrees of freedom",
        accepted=(low, high),
        tolerance=f"99.9 % of uniform data: {low:.0f} to {high:.0f}",
        status="pass" if low <= chi <= high else "fail",
        source="Pearson 1900",
    )
    tests = [
        at_least(
            Result(
                name=f"Kolmogorov–Smirnov p of {name}",
                value=float(stats.kstest(v, _uniform_cdf).pvalue),
                known=0.5,
                known_name="its median for uniform data",
                n=n,
            ),
            0.001,
        )
        for name, v in (("x", x), ("y", y))
    ]
    return square_sum, tests[0], tests[1]


def _uniform_cdf(x: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    return (x + 1) / 2


@styled()
def _data_figure(context: Context, here: Square) -> Figure:
    figure, (left, right) = canvas(7.6, 3.7, 1, 2, width_ratios=(1, 1.05))
    scatter(left, here.points, size=5)
    outlines(left, *CORNERS)
    plane(left, *VIEW, f"{len(here.points):,} training points")
    bins = np.linspace(-1.2, 1.2, 25)
    for k, name in enumerate("xy"):
        right.hist(
            here.points[:, k].numpy(),
            bins=list(bins),
            density=True,
            histtype="step",
            linewidth=1.6,
            color=COLORS[k],
            label=name,
        )
    right.plot(
        [-1.2, -1, -1, 1, 1, 1.2],
        [0, 0, 0.5, 0.5, 0, 0],
        color=KNOWN,
        linewidth=1.2,
        linestyle=DASHED,
        label="exact density ½",
    )
    right.set(xlabel="coordinate", ylabel="density", title="each coordinate", ylim=(0, 0.75))
    right.legend(loc="upper center", ncols=3, columnspacing=1.2, handlelength=1.6)
    return context.figure(
        figure,
        "s2-01-data",
        run=here.trained,
        caption="The training points in the square (dashed), and the densities of their coordinates.",
        alt="Left: points that fill a square evenly. Right: two histograms that scatter about one half "
        "between minus one and one.",
    )
