"""Sets of objects: what a picture shows, as names, as words of a person, and as a vector of zeros and ones."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from genloom.errors import InputError, UnknownName

COLOURS = ("gray", "red", "blue", "green", "brown", "purple", "cyan", "yellow")
SHAPES = ("cube", "sphere", "cylinder")
NAMES = tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOURS)
"""The 24 objects of i-CLEVR in the order of its `objects.json`."""


def label_set(text: str, names: Sequence[str] = NAMES) -> tuple[str, ...]:
    """The objects that a person names, separated by commas.

    >>> label_set("red sphere, yellow cube")
    ('red sphere', 'yellow cube')

    Errors: `UnknownName`, with the nearest name; `InputError` for no object, or one twice.
    """
    found = tuple(" ".join(part.split()).lower() for part in text.split(",") if part.strip())
    for name in found:
        if name not in names:
            raise UnknownName("labels", name, tuple(names))
    if not found or len(set(found)) < len(found):
        raise InputError("labels", text, "one or more objects, none twice", 'as in "red sphere, yellow cube"')
    return found


def multi_hot(sets: Iterable[Iterable[str]], names: Sequence[str] = NAMES) -> Tensor:
    """Label sets as uint8 (N, K): 1 at the place of each name of a set.

    >>> multi_hot([["red cube"], []], ("gray cube", "red cube")).tolist()
    [[0, 1], [0, 0]]

    Errors: `UnknownName`.
    """
    place = {name: number for number, name in enumerate(names)}
    rows = [list(each) for each in sets]
    hot = torch.zeros(len(rows), len(names), dtype=torch.uint8)
    for row, each in enumerate(rows):
        for name in each:
            if name not in place:
                raise UnknownName("labels", name, tuple(names))
            hot[row, place[name]] = 1
    return hot


def named(hot: Tensor, names: Sequence[str] = NAMES) -> tuple[tuple[str, ...], ...]:
    """The inverse of `multi_hot`: the names of each row of (N, K), in the order of `names`."""
    return tuple(tuple(name for name, here in zip(names, row, strict=True) if here) for row in hot.tolist())


def forbidden(without: Sequence[str], names: Sequence[str] = NAMES) -> frozenset[frozenset[str]]:
    """Label sets that are held out of training, from a person's words for each.

    Errors: as `label_set`, under the name data.without.
    """
    try:
        return frozenset(frozenset(label_set(text, names)) for text in without)
    except UnknownName as error:
        raise UnknownName("data.without", error.value, tuple(names)) from None
    except InputError as error:
        raise InputError("data.without", error.value, error.allowed, error.remedy) from None
