"""The attention lab: why a language model chose a word, by where it looked and by what it rests on."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from genloom.autoregressive.ablation import Ablation, Deletion, ablate, deletion, spearman
from genloom.autoregressive.attribution import (
    AttentionRows,
    HeadHabits,
    WordRows,
    by_word,
    gradient_times_input,
    habits,
    rollout,
    rows_of,
    traced,
)
from genloom.autoregressive.tokenizer import Tokenizer
from genloom.autoregressive.words import Word
from genloom.nn.gpt import GPT
from genloom.recipes.sentence_gpt import Sentence

_WORK = 4e11
"""Parameters × tokens that the random orders of the test by deletion may cost: seconds on two CPU cores."""
_LIKELY = 5


@dataclass(frozen=True)
class BlockLook:
    """One block's row: by token, by word, and what its heads do."""

    rows: AttentionRows
    by_word: WordRows
    heads: tuple[HeadHabits, ...]

    @property
    def number(self) -> int:
        """Counted from 1."""
        return self.rows.block + 1

    @property
    def weights(self) -> Tensor:
        """(W,) weights of the words, averaged over the heads."""
        return self.by_word.weights.mean(0)

    @property
    def scores(self) -> Tensor:
        """(W,) scores of the words, averaged over the heads."""
        return self.by_word.scores.mean(0)

    @property
    def effective(self) -> float:
        """Over how many words the average spreads: exp of its entropy."""
        return float(torch.special.entr(self.weights).sum().exp())


@dataclass(frozen=True)
class Likely:
    """A token that could stand at the place of the prediction."""

    text: str
    probability: float


@dataclass(frozen=True)
class AttentionLook:
    """All that is known of one prediction.

    rank       how many tokens are likelier than the first one of the predicted word
    likely     the likeliest tokens
    blocks     every block, first block first
    ablation   what each word does, and `gradient` and `through`, which are accounts of the same
    deletion   how well the accounts tell what the prediction rests on
    """

    sentence: Sentence
    rank: int
    likely: tuple[Likely, ...]
    blocks: tuple[BlockLook, ...]
    ablation: Ablation
    gradient: Tensor
    through: Tensor
    deletion: Deletion

    @property
    def words(self) -> tuple[Word, ...]:
        """Those before the prediction."""
        return self.sentence.words

    @property
    def log_prob(self) -> float:
        """log p of the predicted word, in nats."""
        return self.ablation.log_prob

    @cached_property
    def accounts(self) -> dict[str, Tensor]:
        """What is said to matter, (W,) each: attention of the last and first block, rollout, gradient × input."""
        return {f"attention, block {self.blocks[-1].number}": self.blocks[-1].weights,
                f"attention, block {self.blocks[0].number}": self.blocks[0].weights,
                "attention rollout": self.through, "gradient × input": self.gradient}

    def agreement(self, name: str) -> float:
        """Spearman's correlation of an account with the effect of hiding each word."""
        return spearman(self.accounts[name], -self.ablation.hidden)

    @property
    def distance(self) -> float:
        """Total variation between the first and the last block's weights: ½ Σ |a − b|, in [0, 1]."""
        return 0.5 * (self.blocks[0].weights - self.blocks[-1].weights).abs().sum().item()


def look(gpt: GPT, tokenizer: Tokenizer, sentence: Sentence, *, seed: int = 0) -> AttentionLook:
    """Look at one prediction from all sides."""
    trace, words = traced(gpt, sentence.tokens), sentence.words
    found = rows_of(trace, sentence.place)
    blocks = tuple(BlockLook(each, each.by_word(words), habits(each, sentence.tokens)) for each in found)
    law = trace.logits[0, sentence.place].double().softmax(0).cpu()
    effect = ablate(gpt, sentence.prefix, words, sentence.targets)
    gradient = by_word(gradient_times_input(gpt, sentence.prefix, sentence.targets), words)
    through = by_word(rollout(trace, sentence.place), words)
    accounts = {"the effects themselves": -effect.hidden, f"attention, block {blocks[-1].number}": blocks[-1].weights,
                f"attention, block {blocks[0].number}": blocks[0].weights, "attention rollout": through,
                "gradient × input": gradient}
    lost = deletion(gpt, sentence.prefix, words, sentence.targets, accounts, seed=seed,
                    chances=max(19, min(99, int(_WORK / (gpt.parameters_count * len(sentence.tokens) * len(words))))))
    first = int(sentence.targets[0])
    return AttentionLook(sentence, int((law > law[first]).sum()), _likely(law, tokenizer), blocks, effect, gradient,
                         through, lost)


def _likely(law: Tensor, tokenizer: Tokenizer) -> tuple[Likely, ...]:
    top = law.topk(min(_LIKELY, len(law)))
    return tuple(Likely(Word(tokenizer.decode([token]), 0, 0).shown, value)
                 for token, value in zip(top.indices.tolist(), top.values.tolist(), strict=True))


def as_json(found: AttentionLook) -> dict[str, Any]:
    """Everything, as plain data; scores of tokens that may not be looked at stand in `scores` alone."""
    sentence = found.sentence
    return {
        "sentence": sentence.text, "word": sentence.target.shown, "number": sentence.number,
        "generated": sentence.generated, "log_prob": found.log_prob, "rank": found.rank,
        "likely": [asdict(each) for each in found.likely],
        "tokens": [{"id": token, "text": piece.decode("utf-8", "replace")}
                   for token, piece in zip(sentence.tokens.tolist(), sentence.pieces, strict=True)],
        "words": [{"text": word.shown, "first": word.first, "last": word.last} for word in found.words],
        "place": sentence.place,
        "blocks": [_block_json(block) for block in found.blocks],
        "hidden": found.ablation.hidden.tolist(), "deleted": found.ablation.deleted.tolist(),
        "gradient_times_input": found.gradient.tolist(), "rollout": found.through.tolist(),
        "agreement": {name: found.agreement(name) for name in found.accounts},
        "deletion": {name: {"fall": found.deletion.area(name), "by_chance": found.deletion.beaten(name),
                            "log_prob": curve.tolist()} for name, curve in found.deletion.curves.items()},
        "deletion_random": {"orders": len(found.deletion.random), "fall": found.deletion.by_chance.tolist()},
        "distance": found.distance,
    }


def _block_json(block: BlockLook) -> dict[str, Any]:
    rows = block.rows
    return {
        "block": block.number, "sums": asdict(rows.sums), "effective": block.effective,
        "tokens": {"scores": rows.scores.tolist(), "masked": rows.masked.tolist(), "weights": rows.weights.tolist()},
        "words": {"scores": block.by_word.scores.tolist(), "weights": block.by_word.weights.tolist()},
        "heads": [asdict(each) for each in block.heads],
    }


def strongest(values: Tensor, words: Sequence[Word], count: int = 2) -> list[tuple[Word, float]]:
    """The words with the largest values, largest first; NaN is none."""
    order = torch.argsort(values.nan_to_num(nan=-math.inf), descending=True, stable=True)[:count].tolist()
    return [(words[k], values[k].item()) for k in order]
