"""Which objects scenes have: random ones, without the label sets that are held out, and the conditions to judge on."""

from collections.abc import Collection

import numpy as np

from genloom.data.images.labelsets import COLOURS, NAMES, SHAPES
from genloom.errors import InputError
from genloom.rng import fold

FRAMES = 3
"""Pictures of a scene: each adds one object to the one before."""
_TRIES = 1000
_COUNT = 32
_CONDITIONS = {"test": 0x74657374, "new_test": 0x6E6577}


def choose(seed: int, number: int, held_out: Collection[frozenset[str]] = ()) -> tuple[str, ...]:
    """The three objects of scene `number`, in their order: none of its frames shows exactly a set that is held out.

    Errors: `InputError` where next to nothing is left.
    """
    draws = np.random.default_rng(fold(seed, number, 0x6C6162656C73))
    for _ in range(_TRIES):
        names = tuple(NAMES[index] for index in draws.choice(len(NAMES), FRAMES, replace=False))
        if not any(frozenset(names[: count + 1]) in held_out for count in range(FRAMES)):
            return names
    raise InputError("data.without", len(held_out), "fewer label sets", "hardly any scene shows none of them")


def scene_seed(seed: int, number: int) -> int:
    """The seed of what scene `number` looks like."""
    return fold(seed, number, 0x7363656E65)


def conditions(name: str, seed: int = 0) -> tuple[tuple[str, ...], ...]:
    """32 label sets to judge on, in the manner of the course's: "test" or "new_test".

    test      one to three random objects: 8 of one, 8 of two, 16 of three
    new_test  like ones: three objects of which two share a colour and two a shape, 24 of three, 8 of two
    """
    draws = np.random.default_rng(fold(seed, _CONDITIONS[name]))
    if name == "test":
        counts = [1] * 8 + [2] * 8 + [3] * 16
        return tuple(tuple(NAMES[index] for index in draws.choice(len(NAMES), count, replace=False))
                     for count in counts)
    return tuple(_alike(draws)[:count] for count in [3] * 24 + [2] * 8)[:_COUNT]


def _alike(draws: np.random.Generator) -> tuple[str, ...]:
    """Three objects: the second has the first one's shape, the third the second one's colour."""
    first, second = (str(COLOURS[index]) for index in draws.choice(len(COLOURS), 2, replace=False))
    shape, other = (str(SHAPES[index]) for index in draws.choice(len(SHAPES), 2, replace=False))
    return f"{first} {shape}", f"{second} {shape}", f"{second} {other}"
