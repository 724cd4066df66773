"""The plots that every family needs, each drawn into given axes; arrays and tensors are both welcome."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from genloom.report.figures import COLORS, DASHED, GRAY, KNOWN, MARKERS, SEQUENTIAL, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


_OUTLINES: tuple[Any, ...] = ("-", DASHED, (0, (1, 1.2)))  # a second sign beside the colour


def array(values: Any) -> "np.ndarray[Any, Any]":
    """The values as a numpy array on the CPU, whether they are a tensor, an array or a list."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values)


@styled()
def plane(axes: "Axes", low: Sequence[float], high: Sequence[float], title: str = "") -> None:
    """Make the axes a piece of the plane: x and y to the same scale, from corner `low` to corner `high`."""
    axes.set_aspect("equal", adjustable="box")
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    if title:
        axes.set_title(title)


@styled()
def scatter(axes: "Axes", points: Any, labels: Any = None, names: Sequence[str] = (), *, size: float = 4,
            color: str = COLORS[0], alpha: float = 0.7, label: str = "") -> None:
    """Points (N, 2) in the plane; with `labels` (N,), one colour and one marker for each class."""
    points = array(points)
    options: dict[str, Any] = {"s": size, "alpha": alpha, "linewidths": 0}
    if labels is None:
        axes.scatter(points[:, 0], points[:, 1], color=color, label=label or None, **options)
        return
    labels = array(labels)
    for k in range(int(labels.max()) + 1 if len(labels) else 0):
        mine = points[labels == k]
        name = names[k] if k < len(names) else f"class {k}"
        axes.scatter(mine[:, 0], mine[:, 1], color=COLORS[k % len(COLORS)], marker=MARKERS[k % len(MARKERS)],
                     label=name, **options)


@styled()
def outlines(axes: "Axes", low: Any, high: Any, *, color: str = KNOWN, label: str = "") -> None:
    """The edges of boxes with corners `low` and `high`, each (K, 2) or (2,)."""
    from matplotlib.patches import Rectangle

    for k, (a, b) in enumerate(zip(np.atleast_2d(array(low)), np.atleast_2d(array(high)), strict=True)):
        name = label if k == 0 and label else None
        axes.add_patch(Rectangle((a[0], a[1]), *(b - a), fill=False, edgecolor=color, linewidth=1.0, linestyle=DASHED,
                                 label=name, zorder=3))


@styled()
def trajectory(axes: "Axes", path: Any, times: Any, *, limits: tuple[float, float] = (0.0, 1.0), width: float = 1.4,
               ends: bool = True) -> Any:
    """A path (L, 2) coloured by its times (L,), from a square to a ring. Returns what `colorbar` takes."""
    from matplotlib.collections import LineCollection

    path, times = array(path), array(times)
    lines = LineCollection(np.stack((path[:-1], path[1:]), axis=1).tolist(), cmap=SEQUENTIAL, linewidths=width,
                           capstyle="round")
    lines.set_array((times[:-1] + times[1:]) / 2)
    lines.set_clim(*limits)
    axes.add_collection(lines)
    if ends:
        (x0, y0), (x1, y1) = path[0], path[-1]
        axes.scatter(x0, y0, marker="s", s=28, color=lines.to_rgba(times[:1]), edgecolors="white", linewidths=0.8,
                     zorder=4)
        axes.scatter(x1, y1, marker="o", s=34, color="white", edgecolors=KNOWN, linewidths=1.4, zorder=5)
    axes.autoscale_view()
    return lines


@styled()
def colorbar(figure: "Canvas", mappable: Any, axes: "Axes | list[Axes]", label: str) -> None:
    """The scale of a coloured plot."""
    bar = figure.colorbar(mappable, ax=axes, shrink=0.85, pad=0.02, aspect=28)
    bar.set_label(label)
    bar.outline.set_visible(False)


@styled()
def known_line(axes: "Axes", value: float, name: str) -> None:
    """A horizontal line at a known answer."""
    axes.axhline(value, color=KNOWN, linewidth=1.1, linestyle=DASHED, label=f"{name}: {value:.4g}", zorder=3)


@styled()
def loss_curve(axes: "Axes", steps: Any, losses: Any, *, known: float | None = None, known_name: str = "known answer",
               label: str = "loss", window: int = 25) -> None:
    """A loss over steps, pale, with its running mean over `window` rows, and the known answer as a dashed line.

    The axis runs from just below the lowest to the loss after a tenth of the run, so that the end can be read.
    """
    steps, losses = array(steps), array(losses).astype(float)
    smooth = running_mean(losses, window)
    axes.plot(steps, losses, color=COLORS[5], linewidth=0.8, alpha=0.55, label=label)
    axes.plot(steps, smooth, color=COLORS[0], label=f"{label}, mean of {min(window, len(losses))} rows")
    values = smooth[np.isfinite(smooth)]
    if known is not None:
        known_line(axes, known, known_name)
        values = np.append(values, known)
    if len(losses) >= 20 and len(values) > 1:
        late = np.append(losses[len(losses) // 10 :], values[-1])
        low, high = min(np.nanmin(late), values.min()), np.nanmax(late)
        if np.isfinite(high) and high > low:
            axes.set_ylim(low - 0.06 * (high - low), high + 0.25 * (high - low))
    axes.set(xlabel="step", ylabel=label)
    axes.legend(loc="upper right")


def running_mean(values: Any, window: int) -> "np.ndarray[Any, Any]":
    """The mean of the last `window` values at each place, of fewer at the beginning; (N,) to (N,).

    >>> running_mean([1.0, 3.0, 5.0], 2).tolist()
    [1.0, 2.0, 4.0]
    """
    values = array(values).astype(float)
    sums = np.concatenate(([0.0], np.cumsum(values)))
    first = np.maximum(np.arange(1, len(values) + 1) - window, 0)
    counts = np.arange(1, len(values) + 1) - first
    return np.asarray((sums[1:] - sums[first]) / counts)


@styled()
def lines(axes: "Axes", x: Any, series: Mapping[str, Any], *, known: Mapping[str, Any] | None = None, xlabel: str = "",
          ylabel: str = "", markers: bool = True, log: str = "") -> None:
    """One line for each entry of `series`, and known answers dashed in the same colours by the same names or in black.

    log   "x", "y" or "xy": the axes that are logarithmic
    """
    x = array(x)
    colors: dict[str, str] = {}
    for k, (name, y) in enumerate(series.items()):
        colors[name] = COLORS[k % len(COLORS)]
        marker = MARKERS[k % len(MARKERS)] if markers else None
        axes.plot(x, array(y), color=colors[name], marker=marker, markevery=max(1, len(x) // 12), label=name)
    for name, y in (known or {}).items():
        label = f"{name} (known)" if name in colors else name
        axes.plot(x, np.broadcast_to(array(y), x.shape), color=colors.get(name, KNOWN), linewidth=1.1, linestyle=DASHED,
                  label=label)
    if "x" in log:
        axes.set_xscale("log")
    if "y" in log:
        axes.set_yscale("log")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if len(series) + len(known or {}) > 1:
        axes.legend()


@styled()
def histogram(axes: "Axes", values: Any, *, bins: int = 40, known_x: Any = None, known_density: Any = None,
              known_name: str = "known density", label: str = "samples", xlabel: str = "") -> None:
    """A normalised histogram with the known density (M,) at `known_x` (M,) as a dashed line."""
    axes.hist(array(values), bins=bins, density=True, color=COLORS[5], alpha=0.75, edgecolor="white", linewidth=0.4,
              label=label)
    if known_x is not None:
        axes.plot(array(known_x), array(known_density), color=KNOWN, linewidth=1.3, linestyle=DASHED,
                  label=known_name)
        axes.legend()
    axes.set(xlabel=xlabel, ylabel="density")


@styled()
def histograms(axes: "Axes", series: Mapping[str, Any], *, bins: int = 40, xlabel: str = "") -> None:
    """The outlines of normalised histograms over one range, one for each entry of `series`."""
    each = [array(values).astype(float) for values in series.values()]
    limits = (min(values.min() for values in each), max(values.max() for values in each))
    for k, (name, values) in enumerate(zip(series, each, strict=True)):
        axes.hist(values, bins=bins, range=limits, density=True, histtype="step", linewidth=1.6,
                  color=COLORS[k % len(COLORS)], linestyle=_OUTLINES[k % len(_OUTLINES)], label=name)
    axes.set(xlabel=xlabel, ylabel="density")
    axes.legend()


@styled()
def density(axes: "Axes", x: Any, y: Any, values: Any, *, limits: tuple[float, float] | None = None,
            cmap: str = SEQUENTIAL) -> Any:
    """Values (len(y), len(x)) as colours in the plane. Returns what `colorbar` takes."""
    low, high = limits or (None, None)
    return axes.pcolormesh(array(x), array(y), array(values), shading="nearest", cmap=cmap, vmin=low, vmax=high,
                           rasterized=True)


@styled()
def field(axes: "Axes", points: Any, vectors: Any, *, color: str = COLORS[0], unit: bool = False) -> None:
    """Arrows of `vectors` (N, 2) at `points` (N, 2); `unit` draws all of the same length and fades short ones."""
    points, vectors = array(points), array(vectors)
    length = np.linalg.norm(vectors, axis=1)
    if unit:
        vectors = vectors / np.maximum(length, 1e-12)[:, None]
    alpha = np.clip(length / max(float(np.quantile(length, 0.9)), 1e-12), 0.25, 1.0) if unit else None
    axes.quiver(points[:, 0], points[:, 1], vectors[:, 0], vectors[:, 1], color=color, alpha=alpha, angles="xy",
                width=0.0035, pivot="mid")


@styled()
def convergence(axes: "Axes", steps: Any, errors: Mapping[str, Any], orders: Mapping[str, int] | None = None) -> None:
    """Errors over the number of steps, both logarithmic, with a gray line of the slope that a method claims."""
    steps = array(steps).astype(float)
    told: set[int] = set()
    for name, order in (orders or {}).items():
        guide = 0.6 * float(array(errors[name])[0]) * (steps / steps[0]) ** -order  # below, so as not to hide
        axes.plot(steps, guide, color=GRAY, linewidth=1.0, linestyle=(0, (1, 1.5)),
                  label=None if order in told else f"slope −{order}")
        told.add(order)
    lines(axes, steps, errors, xlabel="steps", ylabel="error", log="xy")
    axes.legend()
