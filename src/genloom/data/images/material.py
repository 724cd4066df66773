"""The pictures of each source before they are chosen, put in order and stored."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genloom.data.images.idx import read_idx
from genloom.data.images.layout import Part
from genloom.data.images.listing import Entry, Listing
from genloom.data.images.picture import Pixels, Unreadable, decode, fit
from genloom.errors import DataError

DIGIT_NAMES = tuple("0123456789")


@dataclass(frozen=True, kw_only=True)
class Material:
    """What can be made into a set of pictures.

    words         what it is, for the description
    identity      changes when the pictures do
    labels        class of each picture
    class_names   a single name where there are no classes
    picture       the i-th picture as (C, S, S) bytes, or the reason why there is none; safe to call from many threads
    ready         it is in memory already
    sets          (N, K) of zeros and ones where pictures have sets of labels; `labels` is then 0 … N − 1
    groups        number of each picture's scene, where several show one
    """

    words: str
    identity: str
    labels: tuple[int, ...]
    class_names: tuple[str, ...]
    picture: Callable[[int], Pixels | str]
    ready: bool = False
    sets: Pixels | None = None
    groups: tuple[int, ...] | None = None


def from_files(listing: Listing, part: Part, size: int, channels: int, words: str) -> Material:
    """The picture files of one part of a folder or a ZIP."""
    known = [(entry.parts, entry.size, entry.stamp) for entry in part.entries]
    return Material(words=words, identity=digest(listing.place, known), labels=part.labels,
                    class_names=part.class_names,
                    picture=partial(_entry, listing, part.entries, size, channels))


def from_idx(pictures: Path, labels: Path, size: int, channels: int, words: str) -> Material:
    """A pair of IDX files, as MNIST and its relatives have them.

    Errors: `DataError` for damaged files, or unequal numbers of pictures and labels.
    """
    pixels, classes = read_idx(pictures, 3), read_idx(labels, 1)
    if len(pixels) != len(classes):
        raise DataError(f"{pictures} holds {len(pixels):,} pictures and {labels} {len(classes):,} labels; "
                        "they must be of one set")
    names = tuple(map(str, range(max(10, int(classes.max()) + 1))))
    return Material(words=words, identity=digest(hashlib.sha256(pixels.tobytes()).hexdigest(), classes.tolist()),
                    labels=tuple(classes.tolist()), class_names=names,
                    picture=partial(_fitted, pixels, size, channels))


def from_array(pixels: Pixels, labels: list[int], class_names: tuple[str, ...], words: str) -> Material:
    """Pictures that are in memory at the right size."""
    return Material(words=words, identity=digest(words), labels=tuple(labels), class_names=class_names,
                    picture=pixels.__getitem__, ready=True)


def decoded(listing: Listing, entry: Entry, size: int, channels: int) -> Pixels | str:
    """The picture of an entry, or the reason why there is none."""
    try:
        return decode(listing.read(entry), size, channels)
    except Unreadable as error:
        return f"{entry.name}: {error}"
    except Exception as error:  # a damaged ZIP raises almost anything when it is read
        return f"{entry.name}: cannot be read: {' '.join(str(error).split())[:80] or type(error).__name__}"


def _entry(listing: Listing, entries: tuple[Entry, ...], size: int, channels: int, index: int) -> Pixels | str:
    return decoded(listing, entries[index], size, channels)


def _fitted(pixels: NDArray[np.uint8], size: int, channels: int, index: int) -> Pixels:
    return fit(Image.fromarray(pixels[index]), size, channels)


def digest(*parts: object) -> str:
    """SHA-256 of anything that can be told as JSON."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()
