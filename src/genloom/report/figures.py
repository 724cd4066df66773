"""Figures of one house style, saved with what they came from; matplotlib without its global state."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genloom.report.provenance import embed
from genloom.report.results import Figure, write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6b5b00", "#000000")
"""Colours that are told apart with any colour vision. [Okabe & Ito 2008; the yellow darkened for a white ground]"""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""A second sign beside the colour."""
INK, GRAY, KNOWN = "#22252b", "#8a93a0", "#111111"
"""Text, the data behind what is shown, and the line of a known answer."""
SEQUENTIAL, DIVERGING = "viridis", "PuOr"
DASHED = (0, (5, 2.5))
"""The line of whatever is known rather than measured."""
DPI = 120


def style() -> Any:
    """matplotlib settings of every figure, by name."""
    from cycler import cycler

    return {
        "font.family": "DejaVu Sans", "font.size": 9.5, "mathtext.fontset": "dejavusans",
        "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": "#b6bcc6", "axes.linewidth": 0.8,
        "axes.titlesize": 10, "axes.titleweight": "normal", "axes.titlelocation": "left", "axes.titlepad": 6,
        "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
        "axes.grid": True, "grid.color": "#e8ebf0", "grid.linewidth": 0.8,
        "axes.prop_cycle": cycler(color=COLORS), "axes.formatter.use_mathtext": True,
        "xtick.color": "#5b6270", "ytick.color": "#5b6270", "xtick.labelsize": 8.5, "ytick.labelsize": 8.5,
        "xtick.direction": "out", "ytick.direction": "out", "xtick.major.size": 3, "ytick.major.size": 3,
        "lines.linewidth": 1.6, "lines.markersize": 5, "lines.solid_capstyle": "round",
        "legend.frameon": True, "legend.framealpha": 0.9, "legend.edgecolor": "#e0e4ea", "legend.fontsize": 8.5,
        "figure.facecolor": "white", "figure.dpi": DPI, "savefig.dpi": DPI, "image.cmap": SEQUENTIAL,
        "figure.constrained_layout.use": True, "figure.constrained_layout.w_pad": 0.06,
        "figure.constrained_layout.h_pad": 0.06,
    }  # fmt: skip


@contextmanager
def styled() -> Iterator[None]:
    """The house style inside a `with`, or for a function that it decorates."""
    import matplotlib

    with matplotlib.rc_context(style()):
        yield


@styled()
def canvas(width: float = 7.2, height: float = 4.0, rows: int = 1, columns: int = 1,
           **options: Any) -> "tuple[Canvas, list[Axes]]":
    """A figure of this size in inches and its axes, row by row. `options` go to `Figure.subplots`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width, height))
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(axes.flat)


def small_multiples(count: int, columns: int = 3, size: float = 2.4, **options: Any) -> "tuple[Canvas, list[Axes]]":
    """A figure with `count` equal square panels that share their axes; panels left over are hidden."""
    columns = min(columns, count)
    rows = -(-count // columns)
    options = {"sharex": True, "sharey": True, **options}
    figure, axes = canvas(size * columns, size * rows, rows, columns, **options)
    for axis in axes[count:]:
        axis.set_visible(False)
    return figure, axes[:count]


@styled()
def legend_above(figure: "Canvas", axes: "Axes") -> None:
    """One legend for all panels, above them, so that it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), frameon=False)


@styled()
def png(figure: "Canvas", provenance: Mapping[str, str]) -> bytes:
    """The figure as PNG that carries `provenance`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return embed(buffer.getvalue(), provenance)


def save_figure(figure: "Canvas", path: Path, provenance: Mapping[str, str], *, caption: str, alt: str,
                folder: Path | None = None) -> Figure:
    """Save a figure with what it came from, and describe it for a report.

    path         the PNG file; its folder is made
    provenance   text by key: "recipe", "seed", "checkpoint" (SHA-256), "command", …
    caption      what it shows, as a sentence
    alt          the same for those who cannot see it, with what is to be seen in it
    folder       the report's folder, to which the returned path is relative; by default the PNG's own
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, png(figure, provenance))
    return Figure(path=path.relative_to(folder or path.parent).as_posix(), caption=caption, alt=alt)
