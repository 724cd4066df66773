"""The picture of backward steps of noise on two points."""

import math
from typing import TYPE_CHECKING

import torch

from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.plots import array, convergence
from genloom.report.results import Figure
from genloom.studies.context import Context
from genloom.studies.written import two_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled()
def points_figure(context: Context, costs: dict[int, two_points.Cost]) -> Figure:
    """One step of a short and of a long chain, and what normals miss over chains, `costs` by their steps."""
    figure, (left, middle, right) = canvas(10.2, 3.4, 1, 3)
    for axes, steps in ((left, 4), (middle, 32)):
        _one_step(axes, steps)
    convergence(right, list(costs), {"best variance": [cost.shape for cost in costs.values()],
                                     "small variance": [cost.small for cost in costs.values()]},
                {"best variance": 2, "small variance": 1})
    right.set(ylabel="Σ KL, nats")
    right.set_title("what normals miss")
    return context.figure(
        figure, "s3-15-two-points",
        caption="Data that are −1 or 1. One step back from an xₜ to the right of the middle: the two targets "
                "q(xₜ₋₁ | xₜ, x₀), each weighted by how probable its x₀ is, their sum q(xₜ₋₁ | xₜ), and the best "
                "normal. A chain of 4 steps, of 32 steps, and the sum of the divergences over all steps.",
        alt="Two panels with a dashed normal over a density of two parts, apart in the first and nearly the same curve "
            "in the second; a panel with two falling lines")


def _one_step(axes: "Axes", steps: int) -> None:
    levels = two_points.chain(steps)
    each = two_points.step(levels[0], levels[1])
    at = int((each.parts[:, 1] - 0.7).abs().argmin())
    mean, spread = float(each.mean[at]), float(each.spread[at])
    x = mean + math.sqrt(spread) * torch.linspace(-4, 4, 300, dtype=torch.float64)
    parts = [each.parts[at, k] * torch.exp(-0.5 * (x - each.means[at, k]).square() / each.variance)
             / math.sqrt(2 * math.pi * each.variance) for k in (0, 1)]
    for k, sign in enumerate(("−1", "1")):
        axes.plot(array(x), array(parts[k]), color=COLORS[k], label=f"$x_0$ = {sign}", linewidth=1.1)
    axes.plot(array(x), array(parts[0] + parts[1]), color=COLORS[2], label="sum")
    normal = torch.exp(-0.5 * (x - mean).square() / spread) / math.sqrt(2 * math.pi * spread)
    axes.plot(array(x), array(normal), color=KNOWN, linestyle=DASHED, linewidth=1.1, label="best normal")
    axes.set(xlabel="$x_{t-1}$", ylabel="density")
    axes.set_title(f"first of {steps} steps")
    axes.legend(loc="upper left", fontsize=7.5)
