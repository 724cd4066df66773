"""What the sub-folders of a picture collection mean: training and test parts, and classes."""

from dataclasses import dataclass
from typing import Literal

from genloom.data.images.listing import Entry, shown

Split = Literal["train", "test"]

_TRAIN = frozenset({"train", "training"})
_TEST = ("test", "testing", "val", "valid", "validation")
"""Parts to judge with, the most wanted first; a further one is left alone."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """The pictures of one part of a collection.

    labels        class of each entry
    class_names   names of the sub-folders, sorted, the same for every part; one empty name where there are none
    """

    entries: tuple[Entry, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A collection's training part, and its test part where it has one."""

    train: Part
    test: Part | None


def arrange(entries: tuple[Entry, ...]) -> Layout:
    """Read the layout of a collection from the paths of its pictures.

    Folders that hold nothing but one folder are passed through. Then `train/…` beside `test/…` or `val/…` (AFHQ's
    layout) are parts, and what is in either is not in the other; anything else is one part. In each part sub-folders
    are classes if every picture lies in one.
    """
    depth = _shared_depth(entries)
    parts = _parts(entries, depth)
    if parts is not None:
        names = _class_names((*parts[0], *parts[1]), depth + 1)
        return Layout(train=_part(parts[0], names, depth + 1), test=_part(parts[1], names, depth + 1))
    names = _class_names(entries, depth)
    if names == ("",) and depth:  # a single sub-folder may still be named as the category
        return Layout(train=_part(entries, (entries[0].parts[depth - 1],), depth - 1), test=None)
    return Layout(train=_part(entries, names, depth), test=None)


def _shared_depth(entries: tuple[Entry, ...]) -> int:
    folders = [entry.parts[:-1] for entry in entries]
    first, last = min(folders), max(folders)  # what these two share, all share
    return next((depth for depth, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]),
                min(len(first), len(last)))


def _parts(entries: tuple[Entry, ...], depth: int) -> tuple[tuple[Entry, ...], tuple[Entry, ...]] | None:
    """(train, test) if the folders at this depth are the parts of a collection and nothing else."""
    if any(len(entry.parts) <= depth + 1 for entry in entries):
        return None
    tops = {entry.parts[depth].lower() for entry in entries}
    test = next((name for name in _TEST if name in tops), None)
    if test is None or not tops & _TRAIN or tops - _TRAIN - set(_TEST):
        return None
    return (tuple(entry for entry in entries if entry.parts[depth].lower() in _TRAIN),
            tuple(entry for entry in entries if entry.parts[depth].lower() == test))


def _class_names(entries: tuple[Entry, ...], depth: int) -> tuple[str, ...]:
    if any(len(entry.parts) <= depth + 1 for entry in entries):
        return ("",)
    return tuple(sorted({entry.parts[depth] for entry in entries}))


def _part(entries: tuple[Entry, ...], names: tuple[str, ...], depth: int) -> Part:
    index = {name: number for number, name in enumerate(names)}
    labels = tuple(0 if names == ("",) else index[entry.parts[depth]] for entry in entries)
    return Part(entries=entries, labels=labels, class_names=tuple(map(shown, names)))
