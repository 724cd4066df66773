"""A sentence for a language model to be looked at: its last word is what is predicted, given or generated."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.autoregressive.choice import Choice
from genloom.autoregressive.generation import generate
from genloom.autoregressive.tokenizer import Tokenizer
from genloom.autoregressive.words import Word, counted, words
from genloom.errors import InputError
from genloom.nn.gpt import GPT

_TOKENS = 16
"""Tokens that a word may have before it is given up."""


@dataclass(frozen=True)
class Sentence:
    """Text before a word, and the word.

    tokens      (L,) what stands before, what the text begins after, and the predicted word at the end
    pieces      their bytes
    words       before the prediction, the token that the text begins after among them
    target      the predicted word
    generated   how many words at the end the model wrote itself
    """

    tokens: Tensor
    pieces: tuple[bytes, ...]
    words: tuple[Word, ...]
    target: Word
    generated: int

    @property
    def place(self) -> int:
        """The token that predicts: the last one before the predicted word."""
        return self.target.first - 1

    @property
    def prefix(self) -> Tensor:
        """The tokens before the prediction."""
        return self.tokens[: self.target.first]

    @property
    def targets(self) -> Tensor:
        """The tokens of the prediction."""
        return self.tokens[self.target.tokens]

    @property
    def number(self) -> int:
        """The number of the predicted word, counted from 1."""
        return len(counted(self.words)) + 1

    @property
    def text(self) -> str:
        """All of it, without the token that it begins after."""
        return "".join(word.text for word in (*self.words, self.target)).strip()


def sentence(gpt: GPT, tokenizer: Tokenizer, before: Sequence[int], text: str, *, number: int = 0,
             choice: Choice | None = None, seed: int = 0) -> Sentence:
    """The sentence whose word `number` is predicted: the model writes what is missing; 0 takes the last word given.

    before   tokens that the text begins after
    choice   the law of what is written; None takes the likeliest tokens

    Errors: `InputError` for a text without a word before the predicted one, that has the word already and more, or that
    is longer than the context.
    """
    given = word_count(tokenizer, text)
    if given < (1 if number else 2):
        raise InputError("sentence", text, "a text of at least two words, the last of which is predicted",
                         "pass --words 11 and the model goes on to the 11th word itself")
    if number and number <= given:
        raise InputError("--words", number, f"more than the {given} words of the sentence, the last ones of which "
                         "are generated", "leave --words out to look at the last word that is given")
    tokens = [*before, *tokenizer.encode(text.strip())]
    if number:
        tokens = _written(gpt, tokenizer, tokens, number, choice or Choice(temperature=0), seed)
    return _cut(gpt, tokenizer, tokens, len(before), number, max(0, number - given))


def word_count(tokenizer: Tokenizer, text: str) -> int:
    """How many words of a text a person would count, as `sentence` does."""
    return len(counted(_words(tokenizer, tokenizer.encode(text.strip()))))


def _words(tokenizer: Tokenizer, tokens: Sequence[int]) -> tuple[Word, ...]:
    apart = {place for place, token in enumerate(tokens) if token == tokenizer.separator}
    return words([tokenizer.piece(token) for token in tokens], apart)


def _written(gpt: GPT, tokenizer: Tokenizer, tokens: list[int], number: int, choice: Choice, seed: int) -> list[int]:
    """The tokens, and those that the model adds until word `number` is followed by another stretch.

    It ends one token beyond the context: a word that is not whole there cannot be looked at.
    """
    missing = number - len(counted(_words(tokenizer, tokens)))
    limit = min(_TOKENS * (missing + 1), gpt.shape.context + 1 - len(tokens))
    if limit < missing:  # a word has one token at least
        raise _too_long(gpt, len(tokens) + missing)
    for step in generate(gpt, torch.tensor([tokens]), count=limit, choice=choice, seed=seed):
        tokens = [*tokens, int(step.tokens[0])]
        found = _words(tokenizer, tokens)
        if len(counted(found[:-1])) >= number:
            return tokens
    raise InputError("--words", number, f"a number that the model reaches within its context of {gpt.shape.context} "
                     f"tokens: it wrote {limit} tokens without ending word {number}",
                     "pass --temperature 1 --seed 1, a shorter sentence, or fewer --words")


def _cut(gpt: GPT, tokenizer: Tokenizer, tokens: list[int], before: int, number: int, generated: int) -> Sentence:
    """The text up to the predicted word."""
    found = _words(tokenizer, tokens)
    those = [word for word in found if word.counts and word.last >= before]
    target = those[number - 1]  # −1, the last, where no number is asked for
    if target.last + 1 > gpt.shape.context:
        raise _too_long(gpt, target.last + 1)
    kept = tokens[: target.last + 1]
    return Sentence(torch.tensor(kept), tuple(tokenizer.piece(token) for token in kept),
                    tuple(word for word in found if word.last < target.first), target, generated)


def _too_long(gpt: GPT, count: int) -> InputError:
    return InputError("sentence", f"{count:,} tokens or more", f"at most {gpt.shape.context} tokens, the context of "
                      "this model", "pass a shorter sentence, or fewer --words")
