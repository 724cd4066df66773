"""Figures of a forecaster's attention: typical time steps, hours, lags, and what it is worth (S0.7, S0.8)."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.forecasting.ablation import ABLATIONS
from genloom.forecasting.analysis import Attended
from genloom.forecasting.observation import PARTS
from genloom.metrics.interval import Interval
from genloom.recipes.judge_attention import Head, Sight, heads, losses, sight
from genloom.report.figures import COLORS, DASHED, DIVERGING, GRAY, INK, KNOWN, canvas, save_figure, styled
from genloom.report.numbers import fixed, number
from genloom.report.plots import colorbar
from genloom.report.results import Figure, Item, Table
from genloom.training.method import Networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from genloom.recipes.build_forecaster import ForecasterExperiment

_STEPS = 4  # typical queries of each attention
_HEADS = 8  # heads that are drawn
_FAR = 4  # seasons of lags that are drawn
_RANGE, _LEAST = 2.0, 0.1  # colours go to four times and a quarter at most, to 7 % at least


def attention_items(experiment: "ForecasterExperiment", networks: Networks, folder: Path, provenance: dict[str, str],
                    first: int = 1, *, worth: bool = True) -> tuple[Item, ...]:
    """Attention of a trained Transformer: at typical steps, by hour, by lag, and whether it is needed.

    folder   of the figures; it lies in that of the report
    first    number of the first item
    worth    show what replacing attention costs, for which the test part is forecast a dozen times

    Errors: `InputError` for a forecaster without a Transformer.
    """
    seen = sight(experiment, networks)
    numbers = heads(seen)
    return (steps_item(experiment, seen, folder / "attention-steps.png", provenance, str(first)),
            hours_item(seen, folder, provenance, str(first + 1)),
            lags_item(seen, numbers, folder / "attention-lags.png", provenance, str(first + 2)),
            *((worth_item(experiment, networks, str(first + 3)),) if worth else ()))


def steps_item(experiment: "ForecasterExperiment", seen: Sight, path: Path, provenance: dict[str, str],
               number: str = "1") -> Item:
    """The mean weights of a few queries over the keys, each head a line."""
    shown = [(name, seen.parts[name][-1]) for name in PARTS if name in seen.parts]
    figure, axes = canvas(11.0, 2.3 * len(shown), len(shown), _STEPS, sharex="row")
    for row, (name, layer) in enumerate(shown):
        for column, query in enumerate(typical(layer)):
            _draw_step(axes[row * _STEPS + column], layer, query, PARTS[name] if column == 0 else "")
    return Item(number=number, title="Where typical time steps look", figures=(save_figure(
        figure, path, provenance, folder=path.parent.parent,
        caption=f"Mean weights over {shown[0][1].windows} test windows, in the last layer, of {_STEPS} steps each; "
                "each head is a line, and the dashed one looks at all alike. Steps are counted from the first that is "
                f"forecast; vertical lines are {seen.period} rows apart, counted from the step that looks.",
        alt=f"Weights of {len(shown)} attentions at {_STEPS} steps each, by head"),))


def typical(layer: Attended) -> list[int]:
    """Places of queries, evenly spread from the first with a season of keys to the last."""
    enough = min(layer.folded.shape[1], int(layer.visible.sum(1).max()))
    first = int((layer.visible.sum(1) >= enough).nonzero()[0])
    return sorted({int(k) for k in torch.linspace(first, len(layer.queries) - 1, _STEPS).round()})


@styled()
def _draw_step(axes: "Axes", layer: Attended, query: int, label: str) -> None:
    keys, visible = layer.keys, layer.visible[query]
    for head, weights in enumerate(layer.weights[:_HEADS, query]):
        axes.plot(keys[visible], weights[visible], color=COLORS[head % len(COLORS)], linewidth=0.9, alpha=0.85)
    axes.plot(keys[visible], layer.uniform[query, visible], color=KNOWN, linewidth=1.1, linestyle=DASHED)
    row, period = int(layer.queries[query]), layer.folded.shape[1]
    shown = [at for at in range(row, int(keys.min()) - 1, -period) if int(keys.min()) <= at <= int(keys.max())]
    for at in shown if len(shown) <= 12 else ():
        axes.axvline(at, color=GRAY, linewidth=0.6, alpha=0.6)
    axes.set(title=f"step {fixed(row, 0)}", ylim=(0, None), xlabel="step that is looked at")
    if label:
        axes.set_ylabel(label)


def hours_item(seen: Sight, folder: Path, provenance: dict[str, str], number: str = "2") -> Item:
    """Weights by the hour of query and key, head by head, last layer of each attention."""
    figures = tuple(_hours_figure(seen, name, folder / f"attention-hours-{name}.png", provenance)
                    for name in PARTS if name in seen.parts)
    return Item(number=number, title="Which hours look at which", figures=figures)


def _hours_figure(seen: Sight, name: str, path: Path, provenance: dict[str, str]) -> Figure:
    layer, period = seen.parts[name][-1], seen.period
    shown = min(_HEADS, len(layer.weights))
    columns = min(4, shown)
    figure, axes = canvas(2.5 * columns, 2.5 * -(-shown // columns), -(-shown // columns), columns, sharex=True,
                          sharey=True)
    relative = by_hour(layer)
    furthest = max(_LEAST, min(_RANGE, float(relative[:shown].clamp(min=1e-9).log2().abs().max())))
    for head in range(shown):
        drawn = _draw_hours(axes[head], relative[head], f"head {head + 1}", furthest)
    for axis in axes[shown:]:
        axis.set_visible(False)
    colorbar(figure, drawn, axes[:shown], "log₂ of relative weight")
    diagonal = relative[:, range(period), range(period)].mean()
    return save_figure(
        figure, path, provenance, folder=path.parent.parent,
        caption=f"Weight of {PARTS[name]} by the place in the cycle of {period} of the step that looks (rows) and of "
                "the one that is looked at (columns), relative to the mean column. A diagonal would be a look at the "
                "same hour.",
        alt=f"{shown} maps of {period} by {period} hours; on the diagonal the weight is {float(diagonal):.2f} times "
            "the mean")


def by_hour(layer: Attended) -> Tensor:
    """Weight by hour relative to what all queries give to that hour on average, (heads, period, period)."""
    return layer.folded / layer.folded.mean(1, keepdim=True).clamp(min=1e-12)


@styled()
def _draw_hours(axes: "Axes", relative: Tensor, title: str, furthest: float) -> object:
    drawn = axes.imshow(relative.clamp(min=1e-9).log2().numpy(), cmap=DIVERGING, vmin=-furthest, vmax=furthest,
                        origin="lower")
    axes.grid(visible=False)
    axes.set(title=title, xlabel="place of the key", ylabel="place of the query")
    ticks = range(0, len(relative), max(1, len(relative) // 4))
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    return drawn


def lags_item(seen: Sight, numbers: tuple[Head, ...], path: Path, provenance: dict[str, str],
              number: str = "3") -> Item:
    """Weight by lag beside the data's autocorrelation, and the numbers of every head."""
    shown = [name for name in PARTS if name in seen.parts]
    figure, axes = canvas(7.6, 1.9 * (len(shown) + 1), len(shown) + 1, 1, sharex=True)
    furthest = _FAR * seen.period
    for axis, name in zip(axes, shown, strict=False):
        _draw_lags(axis, seen.parts[name], PARTS[name], furthest)
    _draw_similar(axes[-1], seen.similar, furthest)
    for axis in axes:
        for at in range(0, furthest + 1, seen.period):
            axis.axvline(at, color=GRAY, linewidth=0.6, alpha=0.6)
    figure_ = save_figure(
        figure, path, provenance, folder=path.parent.parent,
        caption="Weight by lag, mean over heads, where 1 is looking at all alike, and the autocorrelation of the "
                f"training rows, mean over channels. Vertical lines are {seen.period} rows apart.",
        alt="Curves of weight by lag for each attention above the autocorrelation of the data")
    return Item(number=number, title="How far back it looks", figures=(figure_,), tables=(_heads_table(numbers),),
                text=(summary(numbers, seen.period),))


@styled()
def _draw_lags(axes: "Axes", layers: tuple[Attended, ...], name: str, furthest: int) -> None:
    for k, layer in enumerate(layers):
        profile = layer.profile(largest=furthest)
        axes.plot(profile.lags, profile.weight.mean(0), color=COLORS[k % len(COLORS)], linewidth=1.2,
                  label=f"layer {k + 1}")
    axes.axhline(1.0, color=KNOWN, linewidth=1.0, linestyle=DASHED)
    axes.set(ylabel=name)
    axes.legend(loc="upper right")


@styled()
def _draw_similar(axes: "Axes", similar: Tensor, furthest: int) -> None:
    axes.plot(range(min(furthest + 1, len(similar))), similar[: furthest + 1], color=INK, linewidth=1.2)
    axes.set(xlabel="lag", ylabel="autocorrelation")


def _heads_table(numbers: tuple[Head, ...]) -> Table:
    rows = tuple((PARTS[head.part], str(head.layer), str(head.head), fixed(head.breadth, 3),
                  _shown(head.daily), _shown(head.rank), f"{fixed(head.last, 3)} / {fixed(head.last_even, 3)}",
                  "—" if head.agrees is None else f"{fixed(head.agrees.correlation, 2)} ({fixed(head.agrees.p, 3)})")
                 for head in numbers)
    return Table(
        header=("attention", "layer", "head", "breadth", "same hour / others", "share of hours as high",
                "last season / all alike", "follows the autocorrelation (p)"), rows=rows,
        caption="Breadth is exp(entropy) over that of looking at all alike. The correlation is Spearman's, of weight "
                "and autocorrelation by lag; p is the share of rotations of one curve that agree as well.")


def _range(sure: Interval) -> str:
    return f"[{fixed(sure.low, 4)}, {fixed(sure.high, 4)}]" if math.isfinite(sure.high) else "[−∞, ∞]"


def _shown(value: float) -> str:
    return number(value, 3) if math.isfinite(value) else "—"


def summary(numbers: tuple[Head, ...], period: int) -> str:
    """One sentence on all heads together.

    >>> summary((), 24)
    'There are no heads.'
    """
    if not numbers:
        return "There are no heads."
    judged = [head for head in numbers if math.isfinite(head.rank)]
    daily = sum(head.rank <= 1 / period + 1e-9 for head in judged)
    follow = sum(head.agrees is not None and head.agrees.p <= 0.05 for head in judged)
    spread = sum(head.breadth > 0.9 for head in numbers)
    return (f"Of {len(numbers)} heads {spread} look at nearly all alike (breadth above 0.9). Of the {len(judged)} with "
            f"lags enough, {daily} look most at the same place in the cycle of {period}, where by chance "
            f"{len(judged) / period:.1f} would, and the weights of {follow} follow the data's autocorrelation at "
            f"p ≤ 0.05, where by chance {0.05 * len(judged):.1f} would.")


def worth_item(experiment: "ForecasterExperiment", networks: Networks, number: str = "4") -> Item:
    """What replacing attention costs on the test part."""
    found = losses(experiment, networks)
    rows = tuple(("none", by, fixed(mse, 4), "—") if part == "none" else
                 (PARTS.get(part, "all of these"), by, fixed(mse, 4), f"{fixed(more.value, 4)} {_range(more)}")
                 for part, by, mse, more in found)
    told = "; ".join(f"{name}: {what}" for name, what in ABLATIONS.items())
    table = Table(header=("attention", "replaced by", "MSE, scaled", "more than as it is, 95 %"), rows=rows,
                  caption=f"{found[0].more.n} windows of the test part, evenly spread. {told[0].upper()}{told[1:]}.")
    needed = [PARTS[part] for part in PARTS
              if any(loss.part == part and loss.by == "mean" and loss.more.low > 0 for loss in found)]
    words = (f"Surely worse with the mean weights of all windows in place of each window's own: {', '.join(needed)}."
             if needed else "With the mean weights of all windows in place of each window's own, no forecast is surely "
             "worse: that attention depends on the window is not shown to matter.",)
    return Item(number=number, title="What attention is worth", text=words, tables=(table,))
