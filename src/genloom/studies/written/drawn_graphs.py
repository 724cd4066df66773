"""Graphs of variables as drawings: circles for variables, shaded where they are known, and squares for factors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from genloom.report.figures import COLORS, INK, styled
from genloom.studies.written.independence import Parents, edges

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Circle

_RADIUS = 0.27
_BEND = -0.42  # of an arrow over others, as a share of its length
_TAGS, _FACTORS, _WORDS = 2.0, 1.0, 0.0  # heights of the three rows
_KNOWN = "#d9dee6"


@styled()
def directed(axes: "Axes", parents: Parents, letter: str = "w") -> None:
    """Nodes on a line and their arrows; those that pass over others are bent."""
    from matplotlib.patches import FancyArrowPatch

    nodes = [_circle(axes, n, 0.0, f"${letter}_{n + 1}$") for n in range(len(parents))]
    for start, end in edges(parents):
        bend = 0.0 if end - start == 1 else _BEND
        axes.add_patch(FancyArrowPatch(
            (start, 0), (end, 0), connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>", mutation_scale=12, color=INK,
            linewidth=1.1, patchA=nodes[start], patchB=nodes[end], shrinkA=0, shrinkB=1, zorder=4))
    far = max((end - start for start, end in edges(parents)), default=1)
    _bare(axes, (-0.5, len(parents) - 0.5), (-0.5, 0.5 if far == 1 else 0.25 * far + 0.25))


@styled()
def factors(axes: "Axes", count: int, chained: bool) -> None:
    """A tagger's graph: `count` tags above, words below, and a square for each factor; `chained` has one for each pair
    of neighbouring tags too."""
    for n in range(count):
        axes.plot([n, n], [_TAGS, _FACTORS], color=INK, linewidth=1.1, zorder=1)
        for word in range(count):
            axes.plot([n, word], [_FACTORS, _WORDS], color=COLORS[0], linewidth=0.8, alpha=0.7, zorder=1)
        _square(axes, n, _FACTORS, COLORS[0])
        axes.annotate(f"$s_{n + 1}$", (n, _FACTORS), xytext=(8, 4), textcoords="offset points", fontsize=10)
        _circle(axes, n, _TAGS, f"$t_{n + 1}$")
        _circle(axes, n, _WORDS, f"$w_{n + 1}$", known=True)
    for n in range(count - 1 if chained else 0):
        axes.plot([n, n + 1], [_TAGS, _TAGS], color=COLORS[1], linewidth=1.1, zorder=1)
        _square(axes, n + 0.5, _TAGS, COLORS[1])
    _bare(axes, (-0.5, count - 0.4), (-0.4, _TAGS + 0.4))


def _circle(axes: "Axes", x: float, y: float, name: str, known: bool = False) -> "Circle":
    from matplotlib.patches import Circle

    made = Circle((x, y), _RADIUS, facecolor=_KNOWN if known else "white", edgecolor=INK, linewidth=1.2, zorder=3)
    axes.add_patch(made)
    axes.text(x, y, name, ha="center", va="center", fontsize=11, zorder=4)
    return made


def _square(axes: "Axes", x: float, y: float, color: str) -> None:
    axes.plot([x], [y], "s", color=color, markersize=8, zorder=3)


def _bare(axes: "Axes", x: Sequence[float], y: Sequence[float]) -> None:
    axes.set(xlim=tuple(x), ylim=tuple(y))
    axes.set_aspect("equal")
    axes.set_axis_off()
