"""The attention lab as pictures and a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from genloom.recipes.attention_gpt import AttentionLook, BlockLook
from genloom.recipes.explain_attention import SUMS, difference, percent, sums, why
from genloom.report.figures import COLORS, INK, canvas, save_figure, styled
from genloom.report.numbers import fixed, number
from genloom.report.painted_page import Panel, Section, write_painted
from genloom.report.painting import Cell, draw, drawable, laid, shares
from genloom.report.results import Figure, Table

_WIDTH = 9.2
"""Inches of a picture."""


def cells(found: AttentionLook, block: BlockLook, top: float = 0.0) -> list[Cell]:
    """The words painted by a block's weights, and the predicted word in its frame.

    top   the weight that is painted deepest; 0 is the largest of this block
    """
    values = block.weights.tolist()
    painted = [Cell(word.shown, share, percent(value), f"{word.shown}: weight {value:.4f}, score {score:.3f}")
               for word, share, value, score in zip(found.words, shares(values, top), values, block.scores.tolist(),
                                                    strict=True)]
    return [*painted, Cell(found.sentence.target.shown, None, "predicted")]


def title(block: BlockLook, found: AttentionLook) -> str:
    """What a painting shows."""
    which = {1: "first", len(found.blocks): "last"}.get(block.number, "")
    return (f"Block {block.number}{f', the {which}' if which else ''}: weights of the token before "
            f"“{found.sentence.target.shown}”, mean of {len(block.heads)} heads")


def painting(found: AttentionLook, blocks: Sequence[BlockLook], path: Path, provenance: dict[str, str]) -> Figure:
    """The sentence painted by each of these blocks."""
    inner = _WIDTH - 0.3
    every = [cells(found, block) for block in blocks]
    heights = [laid(each, inner).height for each in every]
    figure, axes = canvas(_WIDTH, sum(heights) + 0.42 * len(heights) + 0.1, len(blocks), 1,
                          gridspec_kw={"height_ratios": heights})
    for axis, each, block in zip(axes, every, blocks, strict=True):
        draw(axis, each, inner, title(block, found))
    most = "; ".join(f"block {block.number} looks most at {found.words[int(block.weights.argmax())].shown}"
                     for block in blocks)
    return save_figure(figure, path, provenance,
                       caption=f"Where the prediction of word {found.sentence.number}, “{found.sentence.target.shown}”,"
                               " looks: the deeper a word's colour, the larger its weight; of each row the largest is "
                               "the deepest.",
                       alt=f"The words of the sentence in boxes of deeper or paler blue; {most}")


@styled()
def evidence(found: AttentionLook, path: Path, provenance: dict[str, str]) -> Figure:
    """Weights of the last and first block, and beside them what hiding and deleting each word does."""
    count = len(found.words)
    figure, (left, right) = canvas(_WIDTH, 1.3 + 0.27 * count, 1, 2, sharey=True)
    names = [drawable(word.shown) for word in found.words]
    _bars(left, names, {"last block": found.blocks[-1].weights, "first block": found.blocks[0].weights}
          if len(found.blocks) > 1 else {"the one block": found.blocks[0].weights}, (0, 1))
    left.set(xlabel="weight, mean of the heads", title="Where it looks")
    _bars(right, names, {"hidden": -found.ablation.hidden, "cut out": -found.ablation.deleted}, (2, 3))
    right.axvline(0, color=INK, linewidth=0.8)
    right.set(xlabel=f"fall of log p(“{drawable(found.sentence.target.shown)}”) without the word, nats",
              title="What it rests on")
    return save_figure(figure, path, provenance,
                       caption="The weights of each word, and how far log p of the predicted word falls when it is "
                               "hidden or cut out; what is looked at need not matter.",
                       alt="Horizontal bars for each word: attention on the left, effects of taking it away on the "
                           "right")


def _bars(axes: Any, names: list[str], series: dict[str, Tensor], colors: tuple[int, int]) -> None:
    places, height = np.arange(len(names)), 0.8 / len(series)
    for k, ((name, values), color) in enumerate(zip(series.items(), colors, strict=False)):
        axes.barh(places - 0.4 + height * (k + 0.5), values.nan_to_num().numpy(), height * 0.9, color=COLORS[color],
                  label=name, hatch="///" if k else None, edgecolor="white", linewidth=0)
    axes.set_yticks(places, names, parse_math=False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, borderaxespad=0.2,
                columnspacing=1.2, handlelength=1.4)


@styled()
def heads(found: AttentionLook, blocks: Sequence[BlockLook], path: Path, provenance: dict[str, str]) -> Figure:
    """Each head's weights on each word, one panel for each block."""
    count, top = len(blocks[0].heads), max(block.by_word.weights.max().item() for block in blocks)
    figure, axes = canvas(_WIDTH, len(blocks) * (0.75 + 0.26 * count) + 0.6, len(blocks), 1, sharex=True)
    for axis, block in zip(axes, blocks, strict=True):
        image = axis.imshow(block.by_word.weights.numpy(), cmap="Blues", vmin=0, vmax=top, aspect="auto")
        axis.set_yticks(range(count), [f"head {k + 1}" for k in range(count)])
        axis.set_title(title(block, found).split(":")[0], parse_math=False)
        axis.grid(visible=False)
        for row, weights in enumerate(block.by_word.weights.tolist()):
            for column, weight in enumerate(weights):
                if weight >= 0.005 and len(found.words) <= 24:
                    axis.text(column, row, f"{100 * weight:.0f}", ha="center", va="center", fontsize=7,
                              color="white" if weight > 0.6 * top else INK)
        figure.colorbar(image, ax=axis, pad=0.01, aspect=10).set_label("weight")
    axes[-1].set_xticks(range(len(found.words)), [drawable(word.shown) for word in found.words], rotation=40,
                        ha="right", parse_math=False)
    return save_figure(figure, path, provenance,
                       caption="Each head's weights in per cent, before they are averaged; a row sums to 100.",
                       alt="A table of heads and words in shades of blue for each block")


def write_page(found: AttentionLook, blocks: Sequence[BlockLook], folder: Path, facts: tuple[tuple[str, str], ...],
               figures: Sequence[Figure]) -> Path:
    """attention.html: the paintings, why the word was chosen, the sums, and all numbers."""
    sentence = found.sentence
    paintings = Section("Where it looks", tuple(Panel(title(block, found), tuple(cells(found, block)),
                                                      sums(found, block)) for block in blocks),
                        (SUMS, difference(found)))
    reasons = Section(f"Why “{sentence.target.shown}”", (), why(found), tables=(_effects(found), _accounts(found)))
    every = Section("Blocks and heads", (), (), tables=tuple(_heads(block) for block in blocks))
    return write_painted(folder / "attention.html", heading=f"Attention for word {sentence.number}",
                         lead=sentence.text, facts=facts, sections=(paintings, reasons, every), figures=figures)


def _effects(found: AttentionLook) -> Table:
    header = ("word", "tokens", "weight, last", "weight, first", "score, last", "score, first", "hidden", "cut out",
              "gradient × input", "rollout")
    first, last = found.blocks[0], found.blocks[-1]
    rows = []
    for k, word in enumerate(found.words):
        values = (last.weights[k], first.weights[k], last.scores[k], first.scores[k], found.ablation.hidden[k],
                  found.ablation.deleted[k], found.gradient[k], found.through[k])
        rows.append((word.shown, str(word.last - word.first + 1), *(fixed(value.item(), 3) for value in values)))
    return Table(header=header, rows=tuple(rows),
                 caption="Every word before the prediction: its weight and score in the last and the first block "
                 "(scores are log Σ exp of those of its tokens, averaged over the heads), the change of log p in nats "
                 "when it is hidden or cut out, and two more accounts of what matters.")


def _accounts(found: AttentionLook) -> Table:
    lost = found.deletion
    rows = [(name, fixed(found.agreement(name), 2) if name in found.accounts else "1", fixed(lost.area(name), 2),
             number(lost.beaten(name), 2)) for name in lost.curves]
    rows.append(("random orders, mean", "—", fixed(lost.by_chance.mean().item(), 2), "—"))
    return Table(header=("account of what matters", "rank correlation with the effects", "mean fall of log p, nats",
                         "p against random orders"), rows=tuple(rows),
                 caption="The test by deletion: words are hidden in the order of each account, largest first; a "
                         "faithful one makes log p fall early.")


def _heads(block: BlockLook) -> Table:
    rows = [(str(k + 1), fixed(each.effective, 1), *(percent(value) for value in (
        each.itself, each.before, each.first, each.after_same))) for k, each in enumerate(block.heads)]
    return Table(header=("head", "tokens, as if evenly", "on itself", "on the token before", "on the first token",
                         "on what followed the same token earlier"), rows=tuple(rows),
                 caption=f"What the heads of block {block.number} do in this row.")
