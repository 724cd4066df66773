"""S2.27: what a row of attention adds up to, and what its raw scores may be moved by."""

import copy
from functools import partial
from typing import NamedTuple

import torch

from genloom.autoregressive.attribution import every_row, traced
from genloom.nn.gpt import Block
from genloom.recipes.attention_gpt import AttentionLook
from genloom.recipes.explain_attention import SUMS, sums
from genloom.report.numbers import fixed, near, number
from genloom.report.results import Result, Table
from genloom.rng import generator
from genloom.studies.alice.attention import ARITHMETIC, chosen, looked
from genloom.studies.alice.by_hand import queries_and_keys
from genloom.studies.alice.work import exact, model
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable


@deliverable("S2.27", "The sum of the scores", question="What is the sum of all attention scores?")
def sum_of_scores(context: Context) -> Answer:
    """1 for the weights, anything for the scores before softmax, and why."""
    found = looked(context)
    block, moved = found.blocks[-1], context.once("moved", partial(move_keys, context))
    return Answer(
        text=(SUMS, sums(found, block),
              "That the raw sum means nothing is seen here: one vector c is added to all keys of the last block, "
              f"through the bias of its key layer. Each head's scores move by q c / √d, all alike, and their sum by "
              f"{found.sentence.place + 1} times that: from {fixed(moved.before, 2)} to {fixed(moved.after, 2)}. "
              f"Softmax does not see it, and no log-probability moves by more than {number(moved.change, 2)}."),
        tables=(_sums_table(found),),
        results=(*_sum_results(context, found),
                 near(Result(name="sum of the raw scores when a vector is added to all keys", value=moved.after,
                             known=moved.expected, known_name="the sum before + n q c / √d", n=1), 1e-8),
                 near(Result(name="largest change of a log-probability by it", value=moved.change, known=0.0,
                             known_name="softmax(s + a) = softmax(s)", n=model(context).tokenizer.vocabulary), 1e-8)),
        formula="Σ_j softmax(s)_j = 1,   softmax(s + a 1) = softmax(s)", source="problem text, 3.2.4",
    )


class Moved(NamedTuple):
    """What a vector that is added to all keys does to the last block's row.

    before, after   the sums of the raw scores of the tokens seen, means of the heads; `expected`, the one that follows
    change          the largest change of any log-probability of the next token
    """

    before: float
    after: float
    expected: float
    change: float


def move_keys(context: Context) -> Moved:
    """Add a random vector to the keys of the last block, in float64."""
    gpt, sentence = exact(context), chosen(context)
    moved, width = copy.deepcopy(gpt), gpt.shape.width
    block = moved.blocks[-1]
    assert isinstance(block, Block)
    added = torch.randn(width, generator=generator(context.seed, width), dtype=torch.float64)
    with torch.no_grad():
        block.attention.qkv.bias[width : 2 * width] += added
    before, after = (every_row(each, sentence.tokens, sentence.place)[-1].sums.seen for each in (gpt, moved))
    query = queries_and_keys(gpt, sentence.tokens, len(gpt.blocks) - 1)[0][:, sentence.place]
    products = (query * added.numpy().reshape(query.shape)).sum(1) / query.shape[1] ** 0.5
    expected = before + (sentence.place + 1) * float(products.mean())  # n q c / √d
    one, two = (traced(each, sentence.tokens).logits[0, sentence.place].log_softmax(0) for each in (gpt, moved))
    return Moved(before, after, expected, (one - two).abs().max().item())


def _sum_results(context: Context, found: AttentionLook) -> list[Result]:
    sentence, rows = found.sentence, found.blocks[-1].rows
    trace = traced(model(context).gpt, sentence.tokens)
    every = torch.stack([each.weights[0] for each in trace.looks]).double()
    later = len(sentence.tokens) - sentence.place - 1
    found_rows = [
        near(Result(name="largest |sum of weights − 1| over all rows, heads and blocks", known=0.0,
                    value=(every.sum(-1) - 1).abs().max().item(), known_name="softmax", n=every[..., 0].numel()),
             ARITHMETIC),
        near(Result(name="sum of the weights, averaged over the heads", value=rows.sums.weights, known=1.0,
                    known_name="a mean of numbers that are 1", n=len(rows.weights)), ARITHMETIC),
        near(Result(name="sum of the weights of words", value=found.blocks[-1].weights.sum().item(), known=1.0,
                    known_name="the same, piece by piece", n=len(found.words)), ARITHMETIC),
        Result(name="sum of the raw scores of the tokens seen", value=rows.sums.seen, known=1.0,
               known_name="a sum of weights, which it is not", n=sentence.place + 1),
    ]
    masked = Result(name="sum of the masked scores", value=rows.sums.masked, known=float("-inf"), n=later,
                    known_name="tokens that come later are −∞")
    return [*found_rows, near(masked, 0.0)]


def _sums_table(found: AttentionLook) -> Table:
    rows = tuple((str(block.number), f"{block.rows.sums.weights:.6f}", fixed(block.rows.sums.seen, 3),
                  fixed(block.rows.sums.scores, 3), number(block.rows.sums.masked)) for block in found.blocks)
    return Table(header=("block", "weights", "raw scores, tokens seen", "raw scores, all tokens", "masked scores"),
                 rows=rows, caption="Sums over the row that predicts, means of the heads.")
