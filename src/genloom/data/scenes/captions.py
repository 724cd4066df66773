"""Sentences that people might write under a scene, and the sentences that stand for a class."""

import numpy as np
import torch
from torch import Tensor

from genloom.data.images.labelsets import COLOURS, NAMES, SHAPES
from genloom.errors import DataError, UnknownName
from genloom.rng import fold

_COLOURS = {colour: (colour,) for colour in COLOURS} | {"gray": ("gray", "grey")}
_SHAPES = {"cube": ("cube", "block", "box"), "sphere": ("sphere", "ball"), "cylinder": ("cylinder", "can")}
_ONE = ("a photo of {}", "there is {}", "{} in the middle", "a scene with {}", "look at {}", "here stands {}",
        "a picture with {} in it")
_TWO = ("{} and {}", "{} beside {}", "there is {} next to {}", "a scene with {} and {}", "a picture of two things {} "
        "and {}", "here stands {} and there {}")
_PROMPT = "a picture of {}"

WORDS = tuple(sorted({word for text in (*_ONE, *_TWO, _PROMPT, *(w for each in (*_COLOURS.values(), *_SHAPES.values())
                                                                for w in each), "a")
                      for word in text.replace("{}", "").split()}))
"""Every word of the sentences; word k has the number k + 1, and 0 is none."""
LONGEST = 12
"""Words of the longest sentence."""


def caption(names: tuple[str, ...], seed: int) -> str:
    """A sentence that names all objects of a scene of one or two: their order, words and phrase are drawn by `seed`.

    >>> caption(("red cube", "blue sphere"), 3)
    'here stands a red cube and there a blue ball'

    Errors: `UnknownName`; `DataError` for none or more than two.
    """
    if len(names) not in (1, 2):
        raise DataError(f"{len(names)} objects: there are sentences for one and for two")
    draws = np.random.default_rng(fold(seed, 0x776F726473))
    said = [_said(name, draws) for name in names]
    if draws.random() < 0.5:
        said.reverse()
    phrases = _ONE if len(said) == 1 else _TWO
    return phrases[draws.integers(len(phrases))].format(*said)


def prompts(name: str) -> tuple[str, ...]:
    """The sentences that stand for a class: "a picture of a red cube", and the same in other words for it.

    name   an object, as "red cube"; a colour, for all shapes of it; or a shape, for all colours of it

    >>> prompts("yellow cylinder")
    ('a picture of a yellow cylinder', 'a picture of a yellow can')

    Errors: `UnknownName`.
    """
    if name in COLOURS:
        return tuple(text for shape in SHAPES for text in prompts(f"{name} {shape}"))
    if name in SHAPES:
        return tuple(text for colour in COLOURS for text in prompts(f"{colour} {name}"))
    colour, shape = _parts(name)
    return tuple(_PROMPT.format(f"a {c} {s}") for s in _SHAPES[shape] for c in _COLOURS[colour])


def encode(sentences: "tuple[str, ...] | list[str]") -> Tensor:
    """Sentences as numbers of their words, (N, `LONGEST`) int64, with 0 after the last.

    Errors: `UnknownName` for a word that no sentence has; `DataError` for a sentence of too many words.
    """
    number = {word: index + 1 for index, word in enumerate(WORDS)}
    rows = torch.zeros(len(sentences), LONGEST, dtype=torch.int64)
    for row, sentence in enumerate(sentences):
        words = sentence.split()
        if not 1 <= len(words) <= LONGEST:
            raise DataError(f"{sentence[:60]!r} has {len(words)} words; a sentence has 1 to {LONGEST}")
        for place, word in enumerate(words):
            if word not in number:
                raise UnknownName("sentence", word, WORDS)
            rows[row, place] = number[word]
    return rows


def _said(name: str, draws: np.random.Generator) -> str:
    colour, shape = _parts(name)
    colours, shapes = _COLOURS[colour], _SHAPES[shape]
    return f"a {colours[draws.integers(len(colours))]} {shapes[draws.integers(len(shapes))]}"


def _parts(name: str) -> tuple[str, str]:
    if name not in NAMES:
        raise UnknownName("labels", name, NAMES)
    colour, _, shape = name.partition(" ")
    return colour, shape
