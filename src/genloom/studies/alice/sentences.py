"""Sentences of the held-out text, and their openings, whose next word the model writes."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal, TypeVar

from genloom.data.text.texts import byte_blocks
from genloom.errors import InputError
from genloom.recipes.baselines_gpt import up_to
from genloom.recipes.build_gpt import GptExperiment
from genloom.recipes.sentence_gpt import Sentence, sentence
from genloom.studies.alice.work import Model, experiment, model, sizes
from genloom.studies.context import Context

T = TypeVar("T")

_MOST = 1 << 22  # bytes of held-out text that are looked at
_LONG = 10**6  # words of a sentence of which only the opening is taken
_PARTS: tuple[Literal["test", "valid"], ...] = ("test", "valid")
_ENDS = re.compile(r"(?<=[.!?])\s+|(?<=[.!?]['\"’”)])\s+|\n\s*\n")


def held_sentences(found: GptExperiment, least: int, most: int = 40, *, part: Literal["test", "valid"] = "test",
                   ) -> list[str]:
    """The sentences of a held-out part with `least` to `most` words, as they stand there.

    The first and the last of each stretch are left out, since the split may have cut them.
    """
    every = []
    for span in up_to(getattr(found.parts, part), _MOST):
        whole = b"".join(block.tobytes() for block in byte_blocks(found.corpus, [span])).decode("utf-8", "replace")
        every += _ENDS.split(whole)[1:-1]
    return [each.strip() for each in every if _is_sentence(each.strip()) and least <= len(_words(each)) <= most]


def _is_sentence(text: str) -> bool:
    """Whether it begins with a capital letter, after quotation marks perhaps, and ends as sentences do."""
    head = text.lstrip("'\"`‘“(")
    return head[:1].isupper() and text.rstrip("'\"’”)")[-1:] in (".", "!", "?")


def _words(text: str) -> list[int]:
    """Where each word that a person would count ends."""
    return [word.end() for word in re.finditer(r"\S+", text) if any(sign.isalnum() for sign in word.group())]


def opening(text: str, count: int) -> str:
    """The first words of a sentence.

    >>> opening("'Well!' thought Alice -- to herself.", 3)
    "'Well!' thought Alice"
    """
    return text[: _words(text)[count - 1]]


def spread(values: Sequence[T], count: int) -> list[T]:
    """So many of them, evenly spread; all where there are fewer.

    >>> spread("abcdefgh", 3)
    ['a', 'c', 'f']
    """
    return list(values) if len(values) <= count else [values[k * len(values) // count] for k in range(count)]


def prompts(context: Context) -> tuple[Sentence, ...]:
    """Openings of held-out sentences, of which the model writes the last word itself, its likeliest tokens.

    Those of the test part come first, and those of the validation part where they are too few: it chose among
    checkpoints, and nothing was trained on it. Errors: `InputError` for a text that has none.
    """
    return context.once("prompts", partial(_prompts, context))


def _prompts(context: Context) -> tuple[Sentence, ...]:
    made, size = model(context), sizes(context)
    test, valid = ([opening(each, size.words - 1) for each in held_sentences(made.experiment, size.words, _LONG,
                                                                             part=part)] for part in _PARTS)
    given = spread(test, size.sentences)
    given += spread(valid, size.sentences - len(given))
    found = tuple(_written(made, given, size.words))
    if not found:
        raise InputError("data.text", made.recipe.data.text, "a text whose held-out parts have sentences of "
                         f"{size.words} words; {len(given)} openings were found, and to none the model added a word",
                         "hold a larger share out with --data.test .2")
    return found


def _written(made: Model, given: Sequence[str], number: int) -> Iterator[Sentence]:
    for each in given:
        try:
            found = sentence(made.gpt, made.tokenizer, made.before, each, number=number)
        except InputError:  # too long for the context, or the model never ends the word
            continue
        if found.generated == 1:
            yield found


def scored(context: Context) -> list[str]:
    """Held-out sentences whose probability is taken."""
    return spread(held_sentences(experiment(context), 6), sizes(context).scored)
