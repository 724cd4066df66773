"""Classes as a person writes them: by name or by number, in turn."""

from collections.abc import Sequence

import torch
from torch import Tensor

from genloom.data.images.imageset import ImageSet
from genloom.data.images.labelsets import label_set, multi_hot
from genloom.errors import InputError, UnknownName
from genloom.rng import generator


def asked_for(request: str, names: Sequence[str], count: int, classes: int | None = None) -> Tensor:
    """The classes of a request, "red, blue" or "0,3", taken in turn for `count` samples: int64 (count,).

    names     of the classes; none where only their number is known
    classes   number of classes, that of the names by default

    >>> asked_for("cat, 0", ["dog", "cat"], 5).tolist()
    [1, 0, 1, 0, 1]

    Errors: `UnknownName` for a class that is not there, `InputError` where classes have no names.
    """
    most = len(names) if classes is None else classes
    found = torch.tensor([_class_of(word.strip(), names, most) for word in request.split(",")])
    return found.repeat(-(-count // len(found)))[:count]


def sets_asked_for(request: str, names: Sequence[str], count: int) -> Tensor:
    """The label sets of a request, one after each semicolon, taken in turn: uint8 (count, K).

    >>> sets_asked_for("b; a, b", ["a", "b"], 3).tolist()
    [[0, 1], [1, 1], [0, 1]]

    Errors: `UnknownName` for a label that is not there, `InputError` for an empty set or a label twice.
    """
    found = multi_hot([label_set(each, names) for each in request.split(";")], names)
    return found.repeat(-(-count // len(found)), 1)[:count]


def _class_of(word: str, names: Sequence[str], classes: int) -> int:
    if word in names:
        return list(names).index(word)
    if word.isascii() and word.isdecimal() and int(word) < classes:
        return int(word)
    if not names:
        raise InputError("labels", word, f"numbers from 0 to {classes - 1}", "pass --labels 0")
    raise UnknownName("labels", word, list(dict.fromkeys([*names, *map(str, range(len(names)))])))


def labels_for(pictures: ImageSet, classes: int, count: int, seed: int, request: str | None = None) -> Tensor | None:
    """Classes for `count` samples of a model that is told `classes` of them, int64 (count,): None where it is 0.

    Those asked for, in turn; otherwise as often as in the pictures, or all equally often where those have none. Where
    pictures have sets of labels, (count, K) uint8 of zeros and ones; a request is "red cube, blue sphere; gray cube".

    Errors: `InputError` for a request of a model without classes; `UnknownName` for a class that is not there.
    """
    if not classes:
        if request:
            raise InputError("labels", request, "left out: this model knows no classes")
        return None
    if request and pictures.sets:
        return sets_asked_for(request, pictures.class_names, count)
    if request:
        return asked_for(request, pictures.class_names, count, classes)
    if pictures.labels is None:
        return torch.randint(classes, (count,), generator=generator(seed, 1))
    return pictures.labels[torch.randint(len(pictures.labels), (count,), generator=generator(seed, 1))]
