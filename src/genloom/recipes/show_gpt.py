"""Figures of a language model: where it starts to memorise, what it beats, what it writes, what context is worth."""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from genloom.nn.gpt import GPT
from genloom.nn.token_loss import log_probs
from genloom.recipes.judge_gpt import QUICK, Judged, bits
from genloom.report.figures import COLORS, canvas, save_figure, styled
from genloom.report.numbers import fixed, number
from genloom.report.plots import known_line, running_mean
from genloom.report.results import Figure, Item, Table
from genloom.report.run_page import read_columns, read_losses, training_item
from genloom.training.method import Networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from genloom.recipes.build_gpt import GptExperiment

_SHOWN = 4  # texts on the page
_BINS = 16  # groups of places in a window
_MOST = 200_000  # test tokens that places are compared by


def run_items(experiment: "GptExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report."""
    folder, judged = run / "figures", Judged(experiment, networks)
    return (losses_item(run, provenance), beaten_item(judged, folder / "baselines.png", provenance),
            texts_item(judged), context_item(judged, folder / "context.png", provenance))


def losses_item(run: Path, provenance: dict[str, str], number: str = "1") -> Item:
    """Training and validation loss over the steps, and the step from where only the training loss falls."""
    rows = read_columns(run / "evaluations.jsonl", ("step", QUICK))
    if len(rows["step"]) < 2:
        return training_item(run, provenance, number=number)
    steps, losses = read_losses(run / "metrics.jsonl")
    best = min(range(len(rows["step"])), key=lambda k: rows[QUICK][k])
    figure, (axes,) = canvas()
    _draw_losses(axes, (steps, losses), (rows["step"], rows[QUICK]), best)
    said = _said(rows["step"], rows[QUICK], best, (steps, losses))
    shown = save_figure(figure, run / "figures" / "training.png", provenance, folder=run, alt=said,
                        caption="Nats per token over the steps: in training, with dropout where there is any, and on "
                                "the whole validation text in fixed windows.")
    return Item(number=number, title="Training, and where memorising starts", text=(said,), figures=(shown,))


def _said(at: list[float], valid: list[float], best: int, train: tuple[list[int], list[float]]) -> str:
    """What the curves show, in words."""
    low = f"{fixed(valid[best], 4)} nats per token at step {at[best]:.0f}"
    if best == len(at) - 1:
        return f"The validation loss fell to the end, {low}: more steps may help."
    smooth = running_mean(train[1], _window(train[1]))
    then = min(range(len(smooth)), key=lambda k: abs(train[0][k] - at[best]))
    return (f"The validation loss was lowest, {low}; that checkpoint is judged. From there to the end it went to "
            f"{fixed(valid[-1], 4)} while the training loss went from {fixed(float(smooth[then]), 4)} to "
            f"{fixed(float(smooth[-1]), 4)}: what is learned after that step is the text by heart, and no more of the "
            "language.")


def _window(rows: list[float]) -> int:
    """Rows that are averaged: few, since the mean of the last ones lags behind."""
    return max(2, min(10, len(rows) // 20))


@styled()
def _draw_losses(axes: "Axes", train: tuple[list[int], list[float]], valid: tuple[list[float], list[float]],
                 best: int) -> None:
    axes.plot(*train, color=COLORS[5], linewidth=0.7, alpha=0.5)
    axes.plot(train[0], running_mean(train[1], _window(train[1])), color=COLORS[0], label="training")
    axes.plot(*valid, color=COLORS[1], marker="s", markersize=3, label="validation")
    axes.axvline(valid[0][best], color=COLORS[7], linewidth=0.9, linestyle=":",
                 label=f"best: step {valid[0][best]:.0f}")
    late = [*train[1][len(train[1]) // 10 :], *valid[1][len(valid[1]) // 10 :]]
    axes.set(xlabel="step", ylabel="nats per token", ylim=(min(late) - 0.1, max(late) + 0.1))
    axes.legend(loc="upper right")


def beaten_item(judged: Judged, path: Path, provenance: dict[str, str], number: str = "2") -> Item:
    """Bits per byte of the same test text by everything that was tried."""
    found = judged.experiment.baselines
    rows = [("this model, windows that overlap", bits(judged.strided)), ("this model", bits(judged.test))]
    rows += [(f"Kneser–Ney, {each.order}-grams of {what}", each.bits)
             for what, each in (("bytes", found.bytes), ("its tokens", found.tokens)) if each is not None]
    rows += [(f"{each.name} after the training text", each.after) for each in found.compressed]
    rows.sort(key=lambda row: row[1])
    figure, (axes,) = canvas(7.2, 0.5 + 0.34 * len(rows))
    _draw_bars(axes, rows)
    shown = save_figure(figure, path, provenance, folder=path.parent.parent,
                        caption=f"Bits per byte of the {judged.experiment.test.bytes:,} bytes of test text, after the "
                                "same training text: less is better.",
                        alt="; ".join(f"{name} {value:.3f}" for name, value in rows))
    return Item(number=number, title="Bits per byte beside n-grams and compressors", figures=(shown,))


@styled()
def _draw_bars(axes: "Axes", rows: list[tuple[str, float]]) -> None:
    names = [name for name, _ in rows]
    colors = [COLORS[1] if name.startswith("this model") else COLORS[5] for name in names]
    drawn = axes.barh(range(len(rows)), [value for _, value in rows], color=colors)
    axes.bar_label(drawn, [fixed(value, 3) for _, value in rows], padding=3, fontsize=8)
    axes.set_yticks(range(len(rows)), names)
    axes.invert_yaxis()
    axes.set(xlabel="bits per byte", xlim=(0, 1.15 * max(value for _, value in rows)))
    axes.grid(visible=False, axis="y")


def texts_item(judged: Judged, number: str = "3") -> Item:
    """What it writes, as it comes."""
    chosen = judged.experiment.recipe.generation
    shown = judged.texts[:_SHOWN]
    if not shown:
        none = "No text was written: pass --evaluation.texts, or the model ends each one before it begins."
        return Item(number=number, title="What it writes", text=(none,))
    said = (f"{len(shown)} texts of {chosen.tokens} tokens at temperature {chosen.temperature:g}, the first ones "
            f"that are not empty{f', after the prompt `{chosen.prompt}`' if chosen.prompt.strip() else ''}.")
    return Item(number=number, title="What it writes", text=(said, *map(_block, shown)))


def _block(text: str) -> str:
    """A paragraph that is shown as it is, without the signs that a page would not show."""
    lines = "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in text).strip("\n").split("\n")
    return "\n".join("    " + line for line in lines if line.strip())


def context_item(judged: Judged, path: Path, provenance: dict[str, str], number: str = "4") -> Item:
    """What a token costs by how many stand before it, and how many products a token takes."""
    title, places = "What context is worth, and what it costs", by_place(judged)
    figures: tuple[Figure, ...] = ()
    if len(places) > 1:
        figure, (axes,) = canvas(7.2, 3.4)
        axes.plot([place for place, _ in places], [cost for _, cost in places], marker="o", markersize=3,
                  color=COLORS[0], label="test text")
        known_line(axes, judged.test.loss, "mean over all")
        axes.set(xlabel="tokens before it in the window", ylabel="nats per token")
        axes.legend()
        figures = (save_figure(
            figure, path, provenance, folder=path.parent.parent,
            caption="Mean −log p of a test token by how many tokens the model sees before it.",
            alt=f"From {places[0][1]:.3f} nats after {places[0][0]:.0f} tokens to {places[-1][1]:.3f} after "
                f"{places[-1][0]:.0f}"),)
    return Item(number=number, title=title, figures=figures, tables=(_costs(judged.experiment),))


@torch.no_grad()
def by_place(judged: Judged) -> list[tuple[float, float]]:
    """(tokens before, mean −log p) of test tokens, for groups of places in a window."""
    network, context = judged.networks["gpt"].eval(), judged.experiment.recipe.network.context
    assert isinstance(network, GPT)
    device = network.token_table.weight.device
    sums, counts = torch.zeros(context, dtype=torch.float64), torch.zeros(context, dtype=torch.float64)
    for x, y, counted in judged.experiment.fixed(judged.experiment.test):
        found = log_probs(network(x.to(device)), y.to(device)).cpu()
        sums -= torch.where(counted, found, 0.0).double().sum(0)
        counts += counted.sum(0)
        if counts.sum() > _MOST:
            break
    edges = sorted({round(k * context / _BINS) for k in range(_BINS + 1)} | {min(1, context), min(2, context), 0})
    groups = [(low, high) for low, high in pairwise(edges) if counts[low:high].sum() > 0]
    return [((low + high + 1) / 2, float(sums[low:high].sum() / counts[low:high].sum())) for low, high in groups]


def _costs(experiment: "GptExperiment") -> Table:
    """Multiplications for one more token after a full context, with keys and values kept and without."""
    shape, count = experiment.network.shape, experiment.network.parameters_count
    rows = []
    for context in (64, 256, 1024):
        attending = 2 * shape.blocks * context * shape.width
        held = 2 * shape.blocks * context * shape.width * 4
        rows.append((f"{context:,}", number(float(count + attending)), number(float(context * (count + attending / 2))),
                     number(held / 2**20) + " MiB"))
    return Table(header=("context", "multiplications for a token", "the same without kept keys", "kept for a text"),
                 rows=tuple(rows),
                 caption=f"One for each of the {count:,} parameters, and 2 · blocks · width for each token that is "
                         f"looked at; this model's context is {shape.context:,}.")
