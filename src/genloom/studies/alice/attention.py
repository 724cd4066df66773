"""S2.25 and S2.28: where the model looks when it writes the eleventh word."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from genloom.autoregressive.words import visible
from genloom.recipes.attention_gpt import AttentionLook, BlockLook, look
from genloom.recipes.explain_attention import difference, percent
from genloom.recipes.sentence_gpt import Sentence
from genloom.recipes.show_attention import heads, painting
from genloom.report.numbers import fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.alice.by_hand import row_by_hand
from genloom.studies.alice.habits import habits_figure, habits_results, habits_said, habits_table
from genloom.studies.alice.sentences import prompts
from genloom.studies.alice.work import exact, model, sizes
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

ARITHMETIC = 1e-4
"""What float32 may do to a weight or a log-probability."""


def chosen(context: Context) -> Sentence:
    """The first held-out opening that stands in one line, or the first of all."""
    every = prompts(context)
    return next((each for each in every if "\n" not in each.text), every[0])


def looked(context: Context) -> AttentionLook:
    """That prediction from all sides."""
    made = model(context)
    return context.once("looked", lambda: look(made.gpt, made.tokenizer, chosen(context), seed=context.seed))


@deliverable("S2.25", "Attention of the last block",
             question="Generate a sentence of at least 11 words, the 11th by the model. Take the attention scores of "
                      "the last block for the 11th word, averaged over the heads, and paint the words by them.")
def last_block(context: Context) -> Answer:
    """The painted sentence, and every number of the row."""
    found = looked(context)
    block, sentence = found.blocks[-1], found.sentence
    return Answer(
        text=(_how(context, found), _most(found, block), "Below each word is its weight; the predicted word stands in "
              "a frame, since it is the one thing that cannot be looked at: its tokens come after the one that looks."),
        figures=(_painted(context, found, block),), tables=(_words(found, block), _tokens(found, block)),
        results=(near(Result(name=f"tokens likelier than the first of word {sentence.number}", value=found.rank,
                             known=0, known_name="the likeliest token was taken"), 0),
                 *_by_hand_results(context, block)),
        formula="w = softmax(q kᵀ / √d + mask), mean over the heads", source="problem text, 3.2.4; Vaswani et al. "
                                                                             "2017, Eq. 1",
    )


@deliverable("S2.28", "Attention of the first block",
             question="The same for the first block. What is the difference?")
def first_block(context: Context) -> Answer:
    """The painted sentence again, each head, and what first and last blocks do over many sentences."""
    found = looked(context)
    block = found.blocks[0]
    return Answer(
        text=(_most(found, block), difference(found), *habits_said(context)),
        figures=(_painted(context, found, block), _heads(context, found), habits_figure(context)),
        tables=(_words(found, block), habits_table(context)),
        results=(*_by_hand_results(context, block), *habits_results(context)),
        formula="w = softmax(q kᵀ / √d + mask), mean over the heads", source="problem text, 3.2.4; Xiao et al. 2024 "
                                                                             "(weight on the first token)",
    )


def _how(context: Context, found: AttentionLook) -> str:
    sentence, size = found.sentence, sizes(context)
    return (f"The first {size.words - 1} words are those of a held-out sentence, the first that has them in one "
            f"line; the model wrote the next word itself, taking its likeliest tokens: “{sentence.text}”. Word "
            f"{sentence.number} is predicted at the last token before it, so the row of attention that belongs to it "
            f"is that of token {sentence.place + 1} of {len(sentence.tokens)}, counted with the one that the text "
            "begins after. Tokens are pieces of words: a word's weight is the sum of its tokens' weights, and its "
            "score log Σ exp of theirs, so that softmax leads from one to the other.")


def _most(found: AttentionLook, block: BlockLook) -> str:
    order = block.weights.argsort(descending=True, stable=True)[:3].tolist()
    most = ", ".join(f"“{found.words[k].shown}” {percent(block.weights[k].item())}" for k in order)
    return (f"Block {block.number} of {len(found.blocks)}, mean of {len(block.heads)} heads: most weight lies on "
            f"{most}; it is spread over {fixed(block.effective, 1)} of {len(found.words)} words as if evenly.")


def _painted(context: Context, found: AttentionLook, block: BlockLook) -> Figure:
    path = context.folder / "figures" / f"attention-{block.number}.png"
    return placed(context, painting(found, [block], path, context.provenance(model(context).trained)), path)


def _heads(context: Context, found: AttentionLook) -> Figure:
    path = context.folder / "figures" / "heads.png"
    ends = [found.blocks[0], *found.blocks[1:][-1:]]
    return placed(context, heads(found, ends, path, context.provenance(model(context).trained)), path)


def placed(context: Context, figure: Figure, path: Path) -> Figure:
    """A figure with its place in the study's folder."""
    return replace(figure, path=path.relative_to(context.folder).as_posix())


def _words(found: AttentionLook, block: BlockLook) -> Table:
    rows = [(word.shown, str(word.last - word.first + 1), fixed(score, 3), fixed(weight, 4)) for word, score, weight
            in zip(found.words, block.scores.tolist(), block.weights.tolist(), strict=True)]
    rows.append(("sum", "", fixed(block.scores.sum().item(), 3), fixed(block.weights.sum().item(), 4)))
    return Table(header=("word", "tokens", "score", "weight"), rows=tuple(rows),
                 caption=f"Block {block.number}: each word before the prediction, means of the heads.")


def _tokens(found: AttentionLook, block: BlockLook) -> Table:
    row = block.rows
    raw, masked, weights = (part.mean(0).tolist() for part in (row.scores, row.masked, row.weights))
    rows = tuple((str(k + 1), visible(piece), fixed(raw[k], 3),
                  number(masked[k]) if masked[k] == -float("inf") else fixed(masked[k], 3), fixed(weights[k], 4))
                 for k, piece in enumerate(found.sentence.pieces))
    return Table(header=("token", "piece", "raw score", "masked score", "weight"), rows=rows,
                 caption=f"Block {block.number}: the same row by token, means of the heads; −∞ for those that come "
                         "after the token that looks.")


def _by_hand_results(context: Context, block: BlockLook) -> list[Result]:
    sentence = chosen(context)
    scores, weights = row_by_hand(exact(context), sentence.tokens, sentence.place, block.rows.block)
    known = "queries and keys of a plain pass in float64, multiplied by NumPy"
    return [near(Result(name=f"block {block.number}: largest difference of a {name}", value=float(np.abs(
                mine.numpy() - theirs).max()), known=0.0, known_name=known, n=theirs.size), ARITHMETIC * scale)
            for name, mine, theirs, scale in (("raw score", block.rows.scores, scores, 10),
                                              ("weight", block.rows.weights, weights, 1))]
