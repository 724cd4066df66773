"""The figures of all losses: distances, pictures, and how sure the discriminators are."""

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from genloom.report.figures import COLORS, DASHED, KNOWN, MARKERS, canvas, styled
from genloom.report.grids import rows_figure
from genloom.report.numbers import number
from genloom.report.plots import known_line
from genloom.report.results import Figure
from genloom.report.run_page import read_columns
from genloom.studies.context import Context
from genloom.studies.mnist_gans.judges import distance, floor
from genloom.studies.mnist_gans.rows import Row
from genloom.studies.mnist_gans.work import Played, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 12


def points(context: Context, found: Sequence[Row], some: Played) -> Figure:
    """The distance of every run."""
    figure, (axes,) = canvas(7.2, 0.42 * len(found) + 1.1)
    _dots(axes, found, distance(some))
    real = floor(context, some).scores.frechet
    _vertical(axes, real, f"real digits: {number(real, 3)}")
    return context.figure(figure, "losses-distance",
                          caption=f"{distance(some)} of each seed; lines are means, dashed is as many real digits.",
                          alt="; ".join(f"{row.options.said}: {', '.join(number(each, 3) for each in row.distances)}"
                                        for row in found))


@styled()
def _dots(axes: "Axes", found: Sequence[Row], name: str) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    for k, row in enumerate(found):
        places = [len(found) - 1 - k] * len(row.distances)
        axes.scatter(row.distances, places, color=COLORS[k % len(COLORS)], marker=MARKERS[k % len(MARKERS)], s=34,
                     zorder=3)
        if row.distances:
            axes.plot([fmean(row.distances)] * 2, [places[0] - 0.3, places[0] + 0.3], color=COLORS[k % len(COLORS)])
    axes.set_yticks(range(len(found)), [row.options.said for row in reversed(found)])
    axes.set(xscale="log", xlabel=name)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


@styled()
def _vertical(axes: "Axes", value: float, label: str) -> None:
    axes.axvline(value, color=KNOWN, linewidth=1.1, linestyle=DASHED, label=label)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1))  # above the panel, whose every place may have a point


def pictures(context: Context, found: Sequence[Row]) -> Figure:
    """Pictures of each loss."""
    shown = {row.options.said: drawn(context, row.finished[0][0], _ROW) for row in found if row.finished}
    return context.figure(rows_figure(shown, cell=0.6), "losses-samples",
                          caption=f"The first {_ROW} pictures of each loss, of its first seed; none left out.",
                          alt=f"{len(shown)} rows of {_ROW} generated digits: {', '.join(shown)}")


def told(context: Context, found: Sequence[Row]) -> Figure:
    """How often each discriminator is right, over the training."""
    figure, (axes,) = canvas(8.4, 3.6)
    _curves(axes, found)
    known_line(axes, 0.5, "nothing told apart")
    _beside(axes)
    return context.figure(figure, "losses-told",
                          caption="How often each discriminator ranks a real picture above a fake, over the training; "
                                  "mean of the seeds. At 1 it is never wrong, at ½ it knows nothing.",
                          alt="Curves of the share of pairs told apart, one for each loss, between one half and one")


@styled()
def _beside(axes: "Axes") -> None:
    axes.set(xlabel="share of the budget", ylabel="share of pairs told apart", ylim=(0.45, 1.02))
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))


@styled()
def _curves(axes: "Axes", found: Sequence[Row], parts: int = 40) -> None:
    for k, row in enumerate(found):
        whole = [read_columns(played.trained.path / "metrics.jsonl", ("told_apart",))["told_apart"]
                 for played, _ in row.finished]
        if not whole:
            continue
        count = min(parts, *map(len, whole))
        means = [fmean(fmean(one[len(one) * i // count : len(one) * (i + 1) // count]) for one in whole)
                 for i in range(count)]
        axes.plot([(i + 0.5) / count for i in range(count)], means, color=COLORS[k % len(COLORS)],
                  marker=MARKERS[k % len(MARKERS)], markevery=max(1, count // 8), label=row.options.said)
