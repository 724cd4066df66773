"""How this study draws: letters as outlines, and the plane at the scale of what is shown."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from genloom.data.glyphs import Glyph
from genloom.report.figures import COLORS, GRAY, styled
from genloom.report.plots import array, plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASPECT = 0.46
"""Height of a panel over its width: the letters with some room around them."""
FLAT = 0.27
"""The same with no more room than the letters need."""


@styled()
def outlines(axes: "Axes", letters: Sequence[Glyph], *, color: str = GRAY, width: float = 0.8,
             fill: str | None = None) -> None:
    """The outlines of the letters; with `fill` their insides in that colour, without an edge."""
    from matplotlib.collections import LineCollection
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for letter in letters:
        edges = letter.edges.numpy()
        if fill is None:
            lines = LineCollection(edges.reshape(-1, 2, 2).tolist(), colors=color, linewidths=width, zorder=4)
            axes.add_collection(lines, autolim=False)
            continue
        pairs = edges.reshape(-1, 2, 2)
        starts = [0, *[i for i in range(1, len(pairs)) if (pairs[i, 0] != pairs[i - 1, 1]).any()], len(pairs)]
        rings = [pairs[a:b, 0] for a, b in pairwise(starts)]
        path = Path.make_compound_path(*(Path([*ring.tolist(), ring[0].tolist()], closed=True) for ring in rings))
        axes.add_patch(PathPatch(path, facecolor=fill, edgecolor="none", zorder=0))


@styled()
def frame(axes: "Axes", half_width: float, title: str = "", *, aspect: float = ASPECT, bare: bool = True) -> None:
    """A panel of the plane around the origin, without ticks if `bare`."""
    half = (half_width, aspect * half_width)
    plane(axes, [-h for h in half], list(half), title)
    axes.grid(visible=False)
    if bare:
        axes.set_xticks([])
        axes.set_yticks([])
        for side in axes.spines.values():
            side.set(visible=True, color="#d5dae2")


@styled()
def cloud(axes: "Axes", points: Tensor, *, size: float = 3.2, hits: Tensor | None = None) -> None:
    """Points; where `hits` (N,) is given, those that miss as vermilion crosses."""
    good = torch.ones(len(points), dtype=torch.bool) if hits is None else hits
    inside, outside = array(points[good]), array(points[~good])
    axes.scatter(inside[:, 0], inside[:, 1], s=size, color=COLORS[0], linewidths=0, alpha=0.8, zorder=3)
    axes.scatter(outside[:, 0], outside[:, 1], s=2.4 * size, color=COLORS[1], marker="x", linewidths=0.8, zorder=4)


def shade(axes: "Axes", x: Any, y: Any, values: Any) -> None:
    """A density as a pale ground for arrows."""
    axes.pcolormesh(array(x), array(y), array(values), shading="nearest", cmap="Greys", vmin=0,
                    vmax=2.2 * float(array(values).max()), rasterized=True, zorder=0)


@styled()
def arrows(axes: "Axes", points: Any, vectors: Any, *, color: str = COLORS[0], length: float = 0.07) -> None:
    """Arrows of `vectors` (N, 2) at `points` (N, 2); v is drawn tanh|v| · `length` long, so that none hides others."""
    points, vectors = array(points), array(vectors)
    size = (vectors**2).sum(1, keepdims=True) ** 0.5
    drawn = vectors / size.clip(1e-12) * np.tanh(size) * length
    axes.quiver(points[:, 0], points[:, 1], drawn[:, 0], drawn[:, 1], color=color, angles="xy", scale_units="xy",
                scale=1, width=0.0026, headwidth=3.6, headlength=4.2, headaxislength=3.8, pivot="mid", zorder=3)
