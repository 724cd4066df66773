"""Pictures of log p: the points that were asked about, and the model's density beside the exact one."""

from collections.abc import Sequence

import torch
from torch import Tensor

from genloom.diffusion.likelihood import elbo
from genloom.diffusion.prior import Prior
from genloom.diffusion.probability_flow import ode_log_likelihood
from genloom.recipes.build_points import PointsExperiment
from genloom.report.figures import COLORS, INK, KNOWN, canvas, styled
from genloom.report.plots import array, colorbar, density, outlines, plane, scatter
from genloom.report.results import Figure
from genloom.studies.context import Context, Trained
from genloom.studies.square.setting import Setting

_EXTENT, _CELLS, _PROFILE = 1.5, 41, 61
_LOWEST = -14.0
_COARSE = 1e-3  # tolerance of the flow: a hundredth of a nat, finer than a colour

Named = tuple[str, Tensor, int | None]
"""A point's letter, its place, and its class if it has one."""


@styled()
def points_figure(context: Context, free: Trained, here: Setting, rows: Sequence[Named]) -> Figure:
    """The points on top of the data: without classes on the left, with classes on the right."""
    figure, (left, right) = canvas(9.2, 4.2, 1, 2)
    assert isinstance(free.experiment, PointsExperiment)
    scatter(left, free.experiment.data.points, color="#b6bcc6", size=3, alpha=0.7)
    scatter(right, here.experiment.data.points, here.experiment.data.labels, size=3, alpha=0.3)
    outlines(left, (-1, -1), (1, 1))
    outlines(right, here.boxes.low, here.boxes.high)
    asked: set[tuple[float, float]] = set()
    for name, point, label in rows:
        axes, color = (left, COLORS[1]) if label is None else (right, COLORS[label % len(COLORS)])
        x, y = point.tolist()
        second = label is not None and (x, y) in asked
        asked |= {(x, y)} if label is not None else set()
        if second:
            axes.scatter(x, y, s=120, facecolors="none", edgecolors=color, linewidths=2.2, zorder=4)
        else:
            axes.scatter(x, y, s=46, color=color, edgecolors="white", linewidths=1.0, zorder=5)
        axes.annotate(name, (x, y), xytext=(22 if second else 9, 7), textcoords="offset points", fontsize=10, zorder=6,
                      color=INK if label is None else color, fontweight="bold",
                      bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.8})
    plane(left, (-1.3, -1.9), (2.8, 1.9), "unconditional: A to H")
    plane(right, (-1.3, -1.3), (1.9, 1.9), "conditional: dot first class, ring second class")
    return context.figure(figure, "s2-19-points", run=here.trained,
                          caption="The points on top of the data. Right: colours are classes; a ring is the same place "
                                  "asked about with another class.",
                          alt="Lettered points inside, at the border of and outside the square of data; on the right "
                              "pairs of classes at one place")


@styled()
def map_figure(context: Context, free: Trained, experiment: PointsExperiment, prior: Prior) -> Figure:
    """log p over the plane, exact and by the model's flow, and along the line y = 0 with the bound."""
    side, line = torch.linspace(-_EXTENT, _EXTENT, _CELLS), torch.linspace(-1.3, 1.3, _PROFILE)
    cells = torch.stack(torch.meshgrid(side, side, indexing="xy"), -1).reshape(-1, 2)
    along = torch.stack([line, torch.zeros_like(line)], 1)
    everywhere = torch.cat([cells, along])
    denoiser, oracle = experiment.denoiser(free.networks), experiment.oracle
    flow = ode_log_likelihood(denoiser, everywhere, prior, tolerance=_COARSE)
    exact = oracle.log_density(everywhere.double(), 0.0)
    bound = elbo(denoiser, along, prior, draws=1 << 13).total
    figure, axes = canvas(10.6, 3.5, 1, 3, width_ratios=(1, 1, 1.15))
    shape, count, limits = (_CELLS, _CELLS), len(cells), (_LOWEST, 0.0)
    for place, values, title in (
        (axes[0], exact, "exact log p, blurred by σ(0)"),
        (axes[1], flow, "model's log p, by its flow"),
    ):
        shown = density(place, side, side, values[:count].reshape(shape).clamp(min=_LOWEST), limits=limits)
        outlines(place, (-1, -1), (1, 1), color="white")
        place.grid(visible=False)
        plane(place, (-_EXTENT,) * 2, (_EXTENT,) * 2, title)
    colorbar(figure, shown, list(axes[:2]), f"nats; all below {_LOWEST:g} alike")
    _profile(axes[2], line, exact[count:], flow[count:], bound)
    return context.figure(figure, "s2-19-map", run=free, caption="log p over the plane, and along the line y = 0.",
                          alt="Two maps, each a bright square on a dark ground; the profile shows plateaus at minus "
                              "log 4 with steep walls at ±1")


def _profile(axes: "object", line: Tensor, exact: Tensor, flow: Tensor, bound: Tensor) -> None:
    from matplotlib.axes import Axes

    assert isinstance(axes, Axes)
    x = array(line)
    for values, color, name in ((flow, COLORS[0], "model, flow"), (bound, COLORS[1], "model, bound")):
        axes.plot(x, array(values), color=color, label=name)
    axes.plot(x, array(exact), color=KNOWN, linewidth=1.2, linestyle=(0, (5, 2.5)), label="exact")
    axes.set(ylim=(_LOWEST, 1), xlabel="x, at y = 0", ylabel="log p")
    axes.set_title("along y = 0", loc="left", fontsize=10)
    axes.legend(loc="lower center")
