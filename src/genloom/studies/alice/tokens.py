"""S2.22: the text as tokens, the examples that training draws, and the held-out parts."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from genloom.autoregressive.overlap import Overlap
from genloom.autoregressive.token_file import TokenFile
from genloom.autoregressive.tokenizer import Tokenizer, piece_sizes
from genloom.autoregressive.windows import FixedWindows, Windows
from genloom.autoregressive.words import visible
from genloom.data.text.document import Span
from genloom.data.text.texts import texts
from genloom.recipes.baselines_gpt import up_to
from genloom.recipes.build_gpt import GptExperiment
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.alice.tokenizers import GPT2, gpt2_counts, tokenizers_table
from genloom.studies.alice.verbatim import overlaps
from genloom.studies.alice.work import experiment, text
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 1 << 24
"""Bytes of a text that are compared one by one."""
_EXAMPLES = 4096
_SHOWN = 10  # pieces of an example
_FACTS = {"tokens": 42_575, "distinct": 3_948}
"""Of the whole of Alice by GPT-2's byte pairs."""


@deliverable("S2.22", "The text as tokens",
             question="Encode the entire text with a byte pair encoder. Example i is tokens[i:i + B], its target "
                      "tokens[i + 1:i + B + 1], with B of no more than 64.")
def tokens(context: Context) -> Answer:
    """The split, the examples written out, and what tells that nothing is lost, skipped or counted twice."""
    found = experiment(context)
    block, kept = found.recipe.network.context, overlaps(found)
    each = found.train.bytes / max(1, len(found.train))
    return Answer(
        text=(
            f"The text is {text(context).said}. It is cut at ends of lines into contiguous stretches: "
            f"{found.recipe.data.blocks} of each held-out part lie evenly over the text, so that every chapter is "
            "asked about, and all the rest is for training. A part that is chosen at random, example by example, "
            "would have its neighbours in training, and would not be held out.",
            f"The tokenizer, {found.tokenizer.kind} of {number(found.tokenizer.vocabulary)} tokens, has learned its "
            f"merges from the training text alone: {each:.2f} bytes a token there. All 256 bytes are tokens of it, so "
            "that no text is unknown to it. Bits per byte compare models whose tokens differ; nats per token do not.",
            f"Example i begins at token i of a stretch and has B = {block} tokens; its target is the same moved by "
            f"one, so that a model is asked {block} questions in one pass. {number(len(found.windows))} examples "
            "overlap in all but one token.",
            f"Of the test text's sequences of 50 bytes, {100 * kept[50].share:.2f} % stand in the training text word "
            "for word: what is repeated in the book is known to a model that has learned by heart.",
        ),
        figures=(_figure(context, found),),
        tables=(_examples(found), tokenizers_table(found, context.data_root), _overlap_table(kept)),
        results=(*_lossless(found), *_examples_results(found), *_gpt2_results(context),
                 Result(name="test text: sequences of 50 bytes that stand in the training text", value=kept[50].share,
                        known=0.0, known_name="a test text that shares nothing", n=kept[50].of)),
        formula="x_i = t[i : i + B],   y_i = t[i + 1 : i + B + 1]", source="problem text, 3.2.1; Sennrich et al. 2016",
    )


def _overlap_table(kept: dict[int, Overlap]) -> Table:
    rows = tuple((str(n), f"{100 * each.share:.2f} %", number(each.of)) for n, each in kept.items())
    return Table(header=("bytes", "stand in the training text", "sequences"), rows=rows,
                 caption="Sequences of the test text that stand in the training text word for word.")


class Lost(NamedTuple):
    """Bytes that a tokenizer does not give back, of those that were looked at."""

    bytes: int
    of: int


def lost(found: GptExperiment, spans: Sequence[Span]) -> Lost:
    """Bytes of pieces of text that are another text after decode(encode(·)); the first 16 MB of the spans."""
    wrong = total = 0
    for piece in texts(found.corpus, up_to(spans, MOST)):
        size = len(piece.encode())
        total += size
        wrong += size if found.tokenizer.decode(found.tokenizer.encode(piece)) != piece else 0
    return Lost(wrong, total)


def _lossless(found: GptExperiment) -> list[Result]:
    parts = found.parts
    gone = lost(found, [*parts.train, *parts.valid, *parts.test])
    covered = sum(span.bytes for part in parts for span in part)
    back = sum(int(piece_sizes(found.tokenizer)[part.ids].sum()) for part in (found.train, found.valid, found.test))
    return [
        near(Result(name="bytes that decode(encode(text)) does not give back", value=gone.bytes, known=0,
                    known_name="the text itself", n=gone.of), 0),
        near(Result(name="bytes of the three parts together", value=covered, known=found.corpus.bytes,
                    known_name="bytes of the text"), 0),
        near(Result(name="bytes that the tokens of all parts stand for", value=back, known=found.corpus.bytes,
                    known_name="bytes of the text"), 0),
    ]


def beginnings(tokens: TokenFile, block: int, stride: int) -> np.ndarray:
    """Where the examples begin, counted without `Windows`: every `stride` tokens of a stretch, and its last place."""
    found = [np.union1d(np.arange(start, stop - block, stride), [stop - block - 1])
             for start, stop in tokens.spans if stop - start > block]
    return np.concatenate([np.empty(0, np.int64), *found])


def _examples_results(found: GptExperiment) -> list[Result]:
    block, windows = found.recipe.network.context, found.windows
    places = beginnings(found.train, block, found.recipe.data.stride or (1 if len(found.train) <= 10**7 else block))
    some = np.linspace(0, len(windows) - 1, min(len(windows), _EXAMPLES)).astype(np.int64)
    wrong = mistaken(windows, found.train, places, some, block)
    return [
        near(Result(name="examples", value=len(windows), known=len(places),
                    known_name="Σ over stretches of (tokens − B)", n=len(found.train)), 0),
        near(Result(name="tokens of examples that are not t[i : i + B] or t[i + 1 : i + B + 1]", value=wrong, known=0,
                    known_name="plain slices of the list of tokens", n=2 * block * len(some)), 0),
        *(near(Result(name=f"{name} tokens that are counted too often or not at all", value=miscounted(part, block),
                      known=0, known_name="each but the first of its stretch once", n=len(part)), 0)
          for name, part in (("validation", found.valid), ("test", found.test))),
    ]


def mistaken(windows: Windows, tokens: TokenFile, places: np.ndarray, some: np.ndarray, block: int) -> int:
    """Tokens of some examples that differ from slices of the text, in x and in y."""
    batch, ids = windows.batch(torch.from_numpy(some)), tokens.ids
    x = np.stack([ids[place : place + block] for place in places[some]]).astype(np.int64)
    y = np.stack([ids[place + 1 : place + block + 1] for place in places[some]]).astype(np.int64)
    return int((batch["x"].numpy() != x).sum() + (batch["y"].numpy() != y).sum())


def miscounted(part: TokenFile, block: int) -> int:
    """By how much the counts of tokens in the windows of evaluation are off, over the vocabulary."""
    counts = np.zeros(part.vocabulary, np.int64)
    for _, y, counted in FixedWindows(part, block):
        counts += np.bincount(y[counted].numpy(), minlength=part.vocabulary)
    wanted = np.zeros(part.vocabulary, np.int64)
    for start, stop in part.spans:
        wanted += np.bincount(part.ids[start + 1 : stop], minlength=part.vocabulary)
    return int(abs(counts - wanted).sum())


def _gpt2_results(context: Context) -> list[Result]:
    """Of Alice by GPT-2's byte pairs, where both are at hand."""
    found = experiment(context)
    counts = context.once("gpt2", partial(gpt2_counts, found.corpus, context.data_root))
    if counts is None or found.recipe.data.text != "alice":
        return []
    return [near(Result(name=f"{name} of the whole text by {GPT2}", value=value, known=_FACTS[key],
                        known_name="the count of another program", n=found.corpus.bytes), 0)
            for name, key, value in (("tokens", "tokens", counts[0]), ("distinct tokens", "distinct", counts[1]))]


def pieces(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """Tokens apart from one another, with blanks and ends of lines that can be seen.

    The first ones and the last one, where there are many.
    """
    shown = [visible(tokenizer.piece(token)) for token in ids]
    if len(shown) > _SHOWN:
        shown = [*shown[: _SHOWN - 1], "…", shown[-1]]
    return " | ".join(shown)


def _examples(found: GptExperiment) -> Table:
    rows = []
    for i in (0, 1, len(found.windows) // 2):
        batch = found.windows.batch(torch.tensor([i]))
        for name in ("x", "y"):
            ids = batch[name][0].tolist()
            rows.append((f"{i:,}", name, pieces(found.tokenizer, ids), " ".join(map(str, ids[:4])) + " …"))
    return Table(header=("i", "", "pieces", "tokens"), rows=tuple(rows),
                 caption=f"Three examples of B = {found.recipe.network.context} tokens, ␣ for a blank and ⏎ for the "
                         "end of a line: y is x moved by one token.")


def _figure(context: Context, found: GptExperiment) -> Figure:
    figure, (left, right) = canvas(9.4, 2.9, 1, 2, gridspec_kw={"width_ratios": (1.5, 1)})
    _draw_split(left, found)
    used = _draw_ranks(right, found)
    sizes = ", ".join(f"{sum(span.bytes for span in part):,} bytes {name}" for name, part in zip(
        ("to train", "to validate", "to test"), found.parts, strict=True))
    return context.figure(
        figure, "tokens", caption="Left: the stretches of the text. Right: how often each token stands in the training "
                                  "text, by its rank; dashed, 1/rank.",
        alt=f"The text as a bar in which stretches alternate: {sizes}. Beside it the frequencies of {used} tokens fall "
            "roughly as one over the rank")


@styled()
def _draw_split(axes: "Axes", found: GptExperiment) -> None:
    starts = np.cumsum([0, *(each.bytes for each in found.corpus.documents)])
    for row, part in enumerate(found.parts):
        bars = [(starts[span.document] + span.start, span.bytes) for span in part]
        axes.broken_barh(bars, (row - 0.4, 0.8), facecolors=COLORS[row])
        axes.text(found.corpus.bytes * 1.01, row, f"{sum(span.bytes for span in part) / found.corpus.bytes:.1%}",
                  va="center", fontsize=8)
    axes.set_yticks(range(3), ["train", "validation", "test"])
    axes.set(xlabel="byte of the text", xlim=(0, found.corpus.bytes * 1.12), ylim=(2.6, -0.6))
    axes.grid(visible=False, axis="y")


@styled()
def _draw_ranks(axes: "Axes", found: GptExperiment) -> int:
    counts = np.sort(np.bincount(found.train.ids, minlength=found.tokenizer.vocabulary))[::-1]
    used = counts[counts > 0]
    ranks = np.arange(1, len(used) + 1)
    axes.loglog(ranks, used, color=COLORS[0])
    axes.loglog(ranks, used[0] / ranks, color="#111111", linestyle="--", linewidth=1)
    axes.set(xlabel="rank", ylabel="times in the training text")
    return len(used)
