"""S2.29: the log-probability of a sampled sentence, and why it is not computed by multiplying."""

import math
from dataclasses import dataclass, replace
from functools import partial

from genloom.autoregressive.scoring import Scored, score
from genloom.autoregressive.words import Word, counted, visible, words
from genloom.recipes.sample_gpt import Written, write
from genloom.report.numbers import fixed, near, number
from genloom.report.powers import power_of_ten
from genloom.report.results import Result, Table
from genloom.studies.alice.compared import compared_figure, compared_results, compared_said, compared_table
from genloom.studies.alice.underflow import product_results, underflow_results, underflow_said, underflow_table
from genloom.studies.alice.work import Model, exact, model
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_TEXTS, _LEAST = 16, 8  # texts that are sampled, and words that the sentence should have
_SEED = 0x73656E74  # sets this sentence apart from other draws
_AGAIN = 1e-4


@dataclass(frozen=True)
class Sampled:
    """A sentence that the model wrote by its own law.

    log_probs   as they came with each token, in nats
    scored      the same tokens without kept keys and values, in float64
    words       and their tokens
    """

    text: str
    log_probs: tuple[float, ...]
    scored: Scored
    words: tuple[Word, ...]
    pieces: tuple[bytes, ...]


@deliverable("S2.29", "The log-probability of a sampled sentence",
             question="Sample a sentence from the model. Compute its log-probability from the model's probability of "
                      "each word; work in log scale.")
def log_probability(context: Context) -> Answer:
    """Token by token and word by word, the same sum in two ways, the plain product, and other texts beside it."""
    found = sampled(context)
    return Answer(
        text=(_said(context, found), underflow_said(context), *compared_said(context)),
        figures=(compared_figure(context),),
        tables=(_tokens(found), _words(found), underflow_table(context, found.scored.log_probs.tolist()),
                compared_table(context)),
        results=(*_results(context, found), *product_results(found.scored.log_probs.tolist()),
                 *underflow_results(context), *compared_results(context)),
        formula="log p(s) = Σ_i log p(s_i | s_<i)", source="problem text, 3.2.4; IEEE 754 (smallest numbers)",
    )


def sampled(context: Context) -> Sampled:
    """The first sentence of enough words among a few texts, or the longest of them."""
    return context.once("sampled", partial(_sampled, context))


def _sampled(context: Context) -> Sampled:
    made = model(context)
    room = made.recipe.network.context - len(made.before)
    chosen = replace(made.recipe.generation, count=_TEXTS, tokens=room, temperature=1.0, top_k=0, top_p=1.0, min_p=0.0,
                     repetition=1.0, past="refuse")
    texts = [text for text in write(made.experiment, made.trained.networks, chosen, made.before,
                                    _SEED + context.seed) if text.tokens]
    first, count = next(((text, end) for text in texts if (end := sentence_end(made, text))),
                        (max(texts, key=lambda text: len(text.tokens)), 0))
    tokens = list(first.tokens[: count or len(first.tokens)])
    pieces = tuple(made.tokenizer.piece(token) for token in tokens)
    return Sampled(made.tokenizer.decode(tokens), first.log_probs[: len(tokens)],
                   score(exact(context), tokens, made.before), words(pieces, _apart(made, tokens)), pieces)


def sentence_end(made: Model, text: Written) -> int:
    """How many tokens the first sentence has; 0 where the text does not end it, or it has few words."""
    pieces = [made.tokenizer.piece(token) for token in text.tokens]
    for k in range(1, len(pieces) + 1):
        if pieces[k - 1].rstrip(b"'\"\n )")[-1:] in (b".", b"!", b"?") and len(counted(words(pieces[:k]))) >= _LEAST:
            return k
    return 0


def _apart(made: Model, tokens: list[int]) -> set[int]:
    return {place for place, token in enumerate(tokens) if token == made.tokenizer.separator}


def _said(context: Context, found: Sampled) -> str:
    made, total = model(context), math.fsum(found.log_probs)
    again = made.tokenizer.encode(found.text) == found.scored.tokens.tolist()
    other = ("" if again else " Read again, the same text is other tokens: the text has the probability of all ways to "
             "write it together, of which this is one.")
    shown = " ".join(found.text.split())
    return (f"Sampled at temperature 1, nothing cut off, after what texts begin after: “{shown}”. Its "
            f"{len(found.log_probs)} tokens, {len(counted(found.words))} words, have log p = {fixed(total, 4)} nats "
            f"together, {fixed(total / len(found.log_probs), 3)} each: p = {power_of_ten(total)}, beside "
            f"{power_of_ten(-len(found.log_probs) * math.log(made.tokenizer.vocabulary))} for as many tokens drawn "
            f"evenly.{other}")


def _tokens(found: Sampled) -> Table:
    rows, total = [], 0.0
    for piece, log, rank in zip(found.pieces, found.scored.log_probs.tolist(), found.scored.ranks.tolist(),
                                strict=True):
        total += log
        shown = visible(piece)
        rows.append((shown, fixed(log, 4), number(math.exp(log), 3), number(rank), fixed(total, 4),
                     power_of_ten(total)))
    return Table(header=("token", "log p", "p", "likelier tokens", "sum so far", "product so far"), rows=tuple(rows),
                 caption="The sentence token by token; logarithms are natural.")


def _words(found: Sampled) -> Table:
    logs = found.scored.log_probs.tolist()
    rows = [(word.shown, str(word.last - word.first + 1), fixed(math.fsum(logs[word.tokens]), 4),
             number(math.exp(math.fsum(logs[word.tokens])), 3)) for word in found.words]
    rows.append(("all", str(len(logs)), fixed(math.fsum(logs), 4), power_of_ten(math.fsum(logs))))
    return Table(header=("word", "tokens", "log p", "p"), rows=tuple(rows),
                 caption="Word by word: a word's log p is the sum of its tokens'.")


def _results(context: Context, found: Sampled) -> list[Result]:
    logs = found.scored.log_probs.tolist()
    by_word = math.fsum(math.fsum(logs[word.tokens]) for word in found.words)
    made, count = model(context), len(logs)
    return [
        near(Result(name="log p of the sentence, as it came while it was written", value=math.fsum(found.log_probs),
                    unit="nats", known=found.scored.total, n=count, seeds=(context.seed,),
                    known_name="scored again without kept keys, in float64"), _AGAIN),
        near(Result(name="the same, word by word", value=by_word, unit="nats", known=math.fsum(logs),
                    n=len(found.words), known_name="token by token"), 1e-9),
        Result(name="log p a token", value=math.fsum(logs) / count, unit="nats", n=count,
               known=-math.log(made.tokenizer.vocabulary), known_name="every token as likely"),
    ]
