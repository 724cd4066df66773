"""The sets of pictures by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from genloom.data import store
from genloom.data.images.assembly import assemble
from genloom.data.images.imageset import ImageSet
from genloom.data.images.layout import Split
from genloom.data.images.origins import find, folder_has_test
from genloom.errors import DataError, InputError, UnknownName

SOURCES = ("folder", "cats64", "mnist", "iclevr", "digits", "shapes", "scenes")
SIZES = (8, 1024)
SPLITS = ("train", "test")
_OF_SETS = ("iclevr", "scenes")
_WHOLE = ("cats64", "iclevr")


def images(source: str, *, size: int, channels: int = 3, zoom: float = 1.0, folder: str | Path = "",
           category: str = "", strict: bool = False, data_root: str | Path | None = None,
           split: Split = "train", scenes: int = 2000, without: Sequence[str] = ()) -> ImageSet:
    """The pictures of a source, resized to round(zoom · size) on each side and cut to squares.

    source     folder (one's own folder or ZIP; sub-folders are classes), cats64, mnist, iclevr, digits, shapes or
               scenes; of iclevr and scenes pictures have sets of labels, and three each are of one scene
    size       width and height that a network will see, 8 … 1024
    channels   1 for grey, 3 for colour
    zoom       room for random cuts, 1 … 2
    category   take the class of this name alone
    strict     refuse pictures that cannot be read, instead of leaving them out
    data_root  where known data sets are looked for first
    folder     of the source folder, or of iclevr, which has its own layout
    split      "test" for sources of which `has_test` is true
    scenes     number of drawn scenes, each of three pictures, for the source scenes
    without    label sets, each as "red cube, blue sphere", of which iclevr and scenes give no picture

    The order is a permutation of a fixed seed. What is decoded is kept in the cache folder and mapped from there.

    Errors: `UnknownName` or `InputError` for a value that cannot be used; `DataError` for files that are missing, or no
    picture among them that can be read, or with `strict` any that cannot.
    """
    _check(source, size, channels, zoom, split)
    if without and source not in _OF_SETS:
        raise InputError("data.without", ", ".join(without), f"empty for {source}, whose pictures have no label sets")
    stored = max(size, round(zoom * size))
    material = find(source, stored, channels, folder=folder, data_root=data_root, split=split,
                    scenes=scenes, without=without)
    return assemble(material, stored, channels, category=category, strict=strict)


def has_test(source: str, folder: str | Path = "") -> bool:
    """Whether a source comes with a test part: all but cats64, iclevr and folders without train/ beside test/ or val/.

    Errors: `UnknownName`; for a folder `InputError` and `DataError` as `images`.
    """
    if source not in SOURCES:
        raise UnknownName("data.source", source, SOURCES)
    return folder_has_test(folder) if source == "folder" else source not in _WHOLE


def digits_at_hand(data_root: str | Path | None = None, *,
                   fetch: bool = False) -> tuple[Literal["mnist", "digits"], str]:
    """The best digits that can be had, as ("mnist" or "digits", the reason in words, to be shown).

    fetch   download MNIST where it is not at hand

    Errors: `InputError` for a data root that is no folder.
    """
    try:
        if fetch:
            store.fetch("mnist")
        where = next(iter(store.locate("mnist", data_root).values())).parent
    except DataError as error:
        return "digits", f"scikit-learn's 1,797 digits of 8 × 8 pixels, because MNIST cannot be used: {error}"
    return "mnist", f"MNIST, from {where}"


def _check(source: str, size: int, channels: int, zoom: float, split: str) -> None:
    if split not in SPLITS:
        raise UnknownName("split", split, SPLITS)
    if source not in SOURCES:
        raise UnknownName("data.source", source, SOURCES)
    if not SIZES[0] <= size <= SIZES[1]:
        raise InputError("data.size", size, f"from {SIZES[0]} to {SIZES[1]} pixels")
    if channels not in (1, 3):
        raise InputError("data.channels", channels, "1 for grey or 3 for colour")
    if not 1 <= zoom <= 2:
        raise InputError("data.zoom", zoom, "from 1, which leaves no room for random cuts, to 2")
