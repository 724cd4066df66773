"""The inversion lab as tables and pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genloom.autoregressive.tokenizer import Tokenizer
from genloom.recipes.invert_gpt import Inverted
from genloom.report.figures import COLORS, GRAY, KNOWN, canvas, save_figure, styled
from genloom.report.numbers import fixed
from genloom.report.painting import drawable
from genloom.report.results import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TEXT = 40
"""Characters of a text in a table."""

START_HEADER = ("start", "exact", "steps", "log p a token", "worst token, its rank", "away, in spacings",
                "the nearest tokens", "of them the model says")


def start_rows(found: Inverted, tokenizer: Tokenizer) -> list[tuple[str, ...]]:
    """A row for each start."""
    rows: list[tuple[str, ...]] = []
    for k, at in enumerate(found.found.steps):
        ranks = found.found.ranks[k]
        worst = int(found.found.log_probs[k].argmin() if ranks.max() == 0 else ranks.argmax())
        rows.append((str(k + 1), "yes" if at is not None else "no", "—" if at is None else str(at),
                     fixed(found.found.log_probs[k].mean().item(), 3),
                     f"“{found.pieces[worst].strip()}”, {int(ranks[worst]) + 1}", fixed(found.away[k].item(), 2),
                     short(tokenizer.decode(found.near.tokens[k].tolist())),
                     short(tokenizer.decode(found.spoken[k].tolist()))))
    return rows


def short(text: str) -> str:
    """A text for a table: one line, cut off.

    >>> short("a\\nb")
    'a⏎b'
    """
    text = text.replace("\n", "⏎")
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"


@styled()
def inversion_figure(found: Inverted, path: Path, provenance: dict[str, str]) -> Figure:
    """The loss of each start over the steps, each token's log p before and after, and what searches reach."""
    panels = 2 + bool(found.searches)
    figure, axes = canvas(9.6, 2.9 * panels, panels, 1)
    _curves(axes[0], found)
    _tokens(axes[1], found)
    if found.searches:
        _searches(axes[2], found)
    return save_figure(figure, path, provenance,
                       caption=f"Inversion to “{found.text}”: {found.exact} of {len(found.found.exact)} starts are "
                               "exact.",
                       alt="Falling loss curves of the starts with a dot where each becomes exact; bars of each "
                           "token's log probability")


def _curves(axes: "Axes", found: Inverted) -> None:
    curve = found.found.curve.numpy()
    for k, at in enumerate(found.found.steps):
        mine = curve[np.isfinite(curve[:, k]), k]
        axes.plot(np.arange(len(mine)), mine, color=COLORS[0] if at is not None else COLORS[1], linewidth=1, alpha=0.6,
                  linestyle="-" if at is not None else "--")
        if at is not None:
            axes.plot(at, curve[at, k], marker="o", color=COLORS[0], markersize=4, zorder=4)
    axes.plot([], [], color=COLORS[0], marker="o", markersize=4, label=f"exact: {found.exact}")
    if found.exact < curve.shape[1]:
        axes.plot([], [], color=COLORS[1], linestyle="--", label=f"not exact: {curve.shape[1] - found.exact}")
    alone = -found.before.mean().item()
    if np.isfinite(alone):
        axes.axhline(alone, color=KNOWN, linewidth=1, linestyle=(0, (5, 2.5)), label="the sentence alone")
    axes.set(xlabel="step", ylabel="−log p a token, nats", title="Vectors, from each start", ylim=(0, None))
    axes.legend(loc="upper right")


def _tokens(axes: "Axes", found: Inverted) -> None:
    places, logs = np.arange(len(found.pieces)), found.found.log_probs.numpy()
    axes.bar(places - 0.27, -found.before.numpy(), 0.25, color=GRAY, label="the sentence alone")
    axes.bar(places, -logs.mean(0), 0.25, color=COLORS[0], label="after the vectors, mean of the starts")
    axes.bar(places + 0.27, -found.stands.log_probs.numpy().mean(0), 0.25, color=COLORS[4],
             label="after the nearest tokens", hatch="///", edgecolor="white", linewidth=0)
    axes.set_xticks(places, [drawable(piece.strip() or "␣") for piece in found.pieces], parse_math=False)
    axes.set(ylabel="−log p, nats", title="Each token of the sentence")
    axes.grid(axis="x", visible=False)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)


def _searches(axes: "Axes", found: Inverted) -> None:
    for k, each in enumerate(found.searches):
        axes.plot(each.curve.numpy(), color=COLORS[k % len(COLORS)], label=f"search {k + 1}"
                  + (", exact" if each.exact else f", {int((each.ranks > 0).sum())} tokens wrong"))
    axes.axhline(-found.found.log_probs.mean(1).max().item(), color=KNOWN, linewidth=1, linestyle=(0, (5, 2.5)),
                 label="the best vectors")
    axes.set(xlabel="exchanges of a token", ylabel="−log p a token, nats", title="Searches for tokens", ylim=(0, None))
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)
