"""Which words of a sentence a model finds hard, and how often it has seen them."""

import math
import re
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from genloom.autoregressive.ablation import spearman
from genloom.autoregressive.scoring import Scored, score
from genloom.autoregressive.words import visible, words
from genloom.data.text.texts import byte_blocks
from genloom.recipes.build_gpt import GptExperiment
from genloom.recipes.invert_gpt import Inverted
from genloom.report.numbers import fixed, near, number
from genloom.report.powers import power_of_ten
from genloom.report.results import Result, Table
from genloom.studies.alice.work import SENTENCE, exact, model
from genloom.studies.context import Context


class HardWord(NamedTuple):
    """A word of the sentence.

    tokens     how many stand for it
    log_prob   of them, after the true words before it
    rank       how many tokens are likelier than the worst of them there
    seen       times that the word stands in the training text, and `rarest` the times of its rarest token
    """

    text: str
    tokens: int
    log_prob: float
    rank: int
    seen: int
    rarest: int


def hard_words(context: Context) -> tuple[HardWord, ...]:
    """The words of the sentence."""
    return context.once("hard words", partial(_hard_words, context))


def alone(context: Context) -> Scored:
    """The sentence's tokens after the true ones before them, in float64."""
    made = model(context)
    return context.once("alone", lambda: score(exact(context), made.tokenizer.encode(SENTENCE), made.before))


def counts(found: GptExperiment) -> np.ndarray:
    """How often each token stands in the training text, (V,)."""
    return np.bincount(found.train.ids, minlength=found.tokenizer.vocabulary)


def times(found: GptExperiment, asked: Sequence[str]) -> list[int]:
    """How often each word stands in the training text as a word of its own, in small or capital letters."""
    tally = dict.fromkeys((word.lower() for word in asked), 0)
    for span in found.parts.train:
        for block in byte_blocks(found.corpus, [span]):
            for word in re.findall(rb"[A-Za-z]+(?:'[A-Za-z]+)?", block.tobytes()):
                key = word.decode().lower()
                if key in tally:
                    tally[key] += 1
    return [tally[word.lower()] for word in asked]


def _hard_words(context: Context) -> tuple[HardWord, ...]:
    made, scored = model(context), alone(context)
    ids = scored.tokens.tolist()
    seen, found = counts(made.experiment), words([made.tokenizer.piece(token) for token in ids])
    often = times(made.experiment, [word.shown for word in found])
    return tuple(HardWord(word.shown, word.last - word.first + 1, scored.log_probs[word.tokens].sum().item(),
                          int(scored.ranks[word.tokens].max()), count,
                          min(int(seen[token]) for token in ids[word.tokens]))
                 for word, count in zip(found, often, strict=True))


def hard_said(context: Context, found: Inverted) -> str:
    """Why the model would never say this sentence itself."""
    each, scored = hard_words(context), alone(context)
    unseen = [word.text for word in each if not word.seen]
    hardest = min(each, key=lambda word: word.log_prob)
    never = "Every word of it stands in the training text." if not unseen else (
        f"Of its words {len(unseen)} of {len(each)} never stand in the training text, "
        f"{', '.join(f'“{word}”' for word in unseen)}; being made of pieces that may, they can be said all the same.")
    start = "the vectors" if found.exact else "the vectors that were found, none of which is exact,"
    return (f"Alone, after what texts begin after, the sentence has log p = {fixed(scored.total, 1)} nats, a "
            f"chance of {power_of_ten(scored.total)}. {never} The hardest word is "
            f"“{hardest.text}” in {hardest.tokens} token{'s' if hardest.tokens > 1 else ''}, "
            f"{fixed(hardest.log_prob, 1)} nats; {number(hardest.rank)} tokens are likelier than the worst of its own. "
            f"That {start} raise this to "
            f"{fixed(found.found.log_probs.sum(1).max().item(), 2)} nats shows how far outside all text a network's "
            "inputs reach: it says nothing of what the model knows about squirrels.")


def hard_tables(context: Context, inversions: Sequence[Inverted]) -> tuple[Table, Table]:
    """By word, and by token beside what vectors and nearest tokens make of it."""
    rows = tuple((each.text, str(each.tokens), fixed(each.log_prob, 2), number(each.rank), number(each.seen),
                  number(each.rarest)) for each in hard_words(context))
    return (Table(header=("word", "tokens", "log p after the true words", "likelier tokens, worst", "in the training "
                          "text", "its rarest token there"), rows=rows, caption="The words, and how often they were "
                                                                                "seen."),
            _by_token(context, inversions))


def _by_token(context: Context, inversions: Sequence[Inverted]) -> Table:
    scored, seen = alone(context), counts(model(context).experiment)
    rows = []
    for k, token in enumerate(scored.tokens.tolist()):
        found = [(fixed(each.found.log_probs[:, k].mean().item(), 3),
                  fixed(each.stands.log_probs[:, k].mean().item(), 2)) for each in inversions]
        rows.append((visible(model(context).tokenizer.piece(token)), number(int(seen[token])),
                     fixed(scored.log_probs[k].item(), 2), number(int(scored.ranks[k])),
                     *(cell for pair in found for cell in pair)))
    names = [cell for each in inversions for cell in (f"vectors, {each.plan.reading}", f"nearest tokens, "
                                                                                        f"{each.plan.reading}")]
    return Table(header=("token", "in the training text", "log p alone", "likelier tokens", *names), rows=tuple(rows),
                 caption="log p of each token in nats: after the true ones before it, and in both readings after the "
                         "vectors and after the tokens nearest to them, means of the starts.")


def hard_results(context: Context, found: Inverted) -> list[Result]:
    """The same sentence by another path, and whether rare tokens are the hard ones."""
    made, scored = model(context), alone(context)
    rho = spearman(torch.from_numpy(counts(made.experiment))[scored.tokens].double(), scored.log_probs)
    rows = [near(Result(name="log p of the sentence alone", value=found.before.sum().item(), unit="nats",
                        known=scored.total, known_name="token by token in float64", n=len(scored.tokens)), 1e-2)]
    rows += [Result(name=f"“{each.text}” in the training text", value=each.seen, unit="times")
             for each in hard_words(context) if each.text.lower() in ("squirrel", "walnut")]
    return rows if math.isnan(rho) else [*rows, Result(
        name="rank correlation of a token's count in training with log p alone", value=rho, known=0.0,
        known_name="rare tokens are no harder", n=len(scored.tokens))]
