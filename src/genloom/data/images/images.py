"""The sets of pictures by name."""

import hashlib
import json
import os
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import PIL
import torch

from genloom.data import store
from genloom.data.images import material as made
from genloom.data.images.archive import list_zip
from genloom.data.images.cache import Block, Manifest, Stored, stored
from genloom.data.images.folder import list_folder
from genloom.data.images.imageset import ImageSet
from genloom.data.images.layout import Layout, Split, arrange
from genloom.data.images.listing import Listing
from genloom.data.images.material import Material
from genloom.errors import DataError, InputError, UnknownName
from genloom.rng import generator

SOURCES = ("folder", "cats64", "mnist", "digits", "shapes")
SIZES = (8, 1024)
_PREPARATION = 1  # raised when the same files give other pixels
_ORDER_SEED = 0x6F72646572
_BLOCK = 256
_MNIST = {"train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
          "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")}


def images(source: str, *, size: int, channels: int = 3, zoom: float = 1.0, folder: str | Path = "",
           category: str = "", strict: bool = False, data_root: str | Path | None = None,
           split: Split = "train") -> ImageSet:
    """The pictures of a source, resized to round(zoom · size) on each side and cut to squares.

    source     folder (one's own folder or ZIP; sub-folders are classes), cats64, mnist, digits or shapes
    size       width and height that a network will see, 8 … 1024
    channels   1 for grey, 3 for colour
    zoom       room for random cuts, 1 … 2
    category   take the class of this name alone
    strict     refuse pictures that cannot be read, instead of leaving them out
    data_root  where known data sets are looked for first
    split      "test" for sources of which `has_test` is true

    The order is a permutation of a fixed seed. What is decoded is kept in the cache folder and mapped from there.

    Errors: `UnknownName` or `InputError` for a value that cannot be used; `DataError` for files that are missing, or no
    picture among them that can be read, or with `strict` any that cannot.
    """
    _check(source, size, channels, zoom)
    stored_size = max(size, round(zoom * size))
    chosen = _material(source, stored_size, channels, folder, data_root, split)
    indices, labelled = _choose(chosen, category)
    order = torch.randperm(len(indices), generator=generator(_ORDER_SEED)).tolist()
    return _imageset(chosen, [indices[place] for place in order], labelled, strict, (channels, stored_size))


def has_test(source: str, folder: str | Path = "") -> bool:
    """Whether a source comes with a test part: mnist, digits, shapes, and folders with train/ beside test/ or val/.

    Errors: `UnknownName`; for a folder `InputError` and `DataError` as `images`.
    """
    if source not in SOURCES:
        raise UnknownName("data.source", source, SOURCES)
    return _layout(_listing(folder)).test is not None if source == "folder" else source != "cats64"


def digits_at_hand(data_root: str | Path | None = None, *, fetch: bool = False) -> tuple[Literal["mnist", "digits"],
                                                                                       str]:
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


def _check(source: str, size: int, channels: int, zoom: float) -> None:
    if source not in SOURCES:
        raise UnknownName("data.source", source, SOURCES)
    if not SIZES[0] <= size <= SIZES[1]:
        raise InputError("data.size", size, f"from {SIZES[0]} to {SIZES[1]} pixels")
    if channels not in (1, 3):
        raise InputError("data.channels", channels, "1 for grey or 3 for colour")
    if not 1 <= zoom <= 2:
        raise InputError("data.zoom", zoom, "from 1, which leaves no room for random cuts, to 2")


def _material(source: str, size: int, channels: int, folder: str | Path, data_root: str | Path | None,
              split: Split) -> Material:
    if source == "digits":
        from genloom.data.images.digits import digits

        pixels, labels = digits(size, channels, split)
        return made.from_array(pixels, labels, made.DIGIT_NAMES, f"scikit-learn's digits, {split} part")
    if source == "shapes":
        from genloom.data.images.shapes import NAMES, shapes

        pixels, labels = shapes(size, channels, split)
        return made.from_array(pixels, labels, NAMES, f"drawn shapes, {split} part")
    if source == "mnist":
        files = store.locate("mnist", data_root)
        pictures, classes = (files[name] for name in _MNIST[split])
        return made.from_idx(pictures, classes, size, channels, f"MNIST, {split} part")
    if source == "cats64":
        path = next(iter(store.locate("cats64", data_root).values()))
        return _from_listing(list_zip(path), size, channels, split, "cats64")
    return _from_listing(_listing(folder), size, channels, split, Path(folder).name)


def _from_listing(listing: Listing, size: int, channels: int, split: Split, words: str) -> Material:
    layout = _layout(listing)
    part = layout.train if split == "train" else layout.test
    if part is None:
        raise InputError("split", split, f"train for {words}, which has no test part",
                         "keep some pictures back with --data.holdout 0.15")
    words = words if layout.test is None else f"{words}, {split} part"
    return made.from_files(listing, part, size, channels, words)


def _listing(folder: str | Path) -> Listing:
    if not str(folder):
        raise InputError("data.folder", "", "a folder or a ZIP of pictures", "pass --data.folder DIR")
    path = Path(folder).expanduser()
    if path.is_dir():
        return list_folder(path)
    if not path.exists():
        raise DataError(f"{path}: no such folder or ZIP file; pass --data.folder the one that holds your pictures")
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: neither a folder nor a ZIP file; pass --data.folder a folder or a ZIP of pictures")
    return list_zip(path)


def _layout(listing: Listing) -> Layout:
    if not listing.entries:
        raise DataError(f"{listing.root}: holds no picture, but {listing.other:,} other files; PNG, JPEG, WebP, BMP, "
                        "GIF, TIFF, PPM and PGM files are read")
    return arrange(listing.entries)


def _choose(chosen: Material, category: str) -> tuple[list[int], bool]:
    """Indices of the pictures of a class, or of all, and whether classes are left to tell apart."""
    if not category:
        return list(range(len(chosen.labels))), len(chosen.class_names) > 1
    if category not in chosen.class_names:
        if chosen.class_names == ("",):
            raise InputError("data.category", category, f"empty: {chosen.words} has no classes")
        raise UnknownName("data.category", category, chosen.class_names)
    wanted = chosen.class_names.index(category)
    return [index for index, label in enumerate(chosen.labels) if label == wanted], False


def _imageset(chosen: Material, indices: list[int], labelled: bool, strict: bool, sample: tuple[int, int]) -> ImageSet:
    channels, size = sample
    preparation = json.dumps([_PREPARATION, PIL.__version__, channels, size])
    pictures, manifest = _read(chosen, indices, preparation, channels * size * size)
    if manifest.skipped and (strict or not len(pictures)):
        raise DataError(f"{chosen.words}: {_left_out(manifest.skipped, len(manifest.skipped))}"
                        + ("" if len(pictures) else "; no picture is left"))
    if not len(pictures):
        raise DataError(f"{chosen.words}: holds no picture of this class")
    names = chosen.class_names if labelled else ()
    digest = hashlib.sha256(json.dumps([manifest.sha256, manifest.labels, names, preparation]).encode()).hexdigest()
    words = [f"{len(pictures):,} pictures of {chosen.words}, {size} × {size}, {'grey' if channels == 1 else 'colour'}"]
    words += [f"{len(names)} classes"] if names else []
    words += [_left_out(manifest.skipped, 3)] if manifest.skipped else []
    return ImageSet(pictures=pictures, labels=torch.tensor(manifest.labels) if names else None, class_names=names,
                    description="; ".join(words), skipped=manifest.skipped, digest=digest, shuffled=True)


def _left_out(skipped: Sequence[str], most: int) -> str:
    more = f" and {len(skipped) - most:,} more" if len(skipped) > most else ""
    return f"{len(skipped):,} files cannot be used: {', '.join(skipped[:most])}{more}"


def _read(chosen: Material, indices: list[int], preparation: str, each: int) -> Stored:
    if chosen.ready:
        pictures = np.stack([np.asarray(chosen.picture(index)) for index in indices])
        manifest = Manifest(pictures.shape, hashlib.sha256(pictures.tobytes()).hexdigest(),
                            tuple(chosen.labels[index] for index in indices), ())
        return Stored(torch.from_numpy(pictures), manifest)
    key = hashlib.sha256(json.dumps([chosen.identity, preparation, indices]).encode()).hexdigest()
    return stored(key, lambda: _blocks(chosen, indices), each * len(indices))


def _blocks(chosen: Material, indices: list[int]) -> Iterator[Block]:
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(indices), _BLOCK):
            block = indices[start : start + _BLOCK]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's remarks about pictures that it reads all the same
                read = list(pool.map(chosen.picture, block))
            good = [(index, pixels) for index, pixels in zip(block, read, strict=True) if not isinstance(pixels, str)]
            pictures = [pixels for _, pixels in good]
            yield Block(np.stack(pictures) if pictures else np.empty((0, 0, 0, 0), np.uint8),
                        [chosen.labels[index] for index, _ in good],
                        [reason for reason in read if isinstance(reason, str)])
