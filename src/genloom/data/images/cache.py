"""Decoded pictures in a file that is mapped into memory: decoded once, checked whenever it is opened."""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.data import store
from genloom.data.images.picture import Pixels
from genloom.data.once import once, read_manifest, sha256_of, write_manifest
from genloom.errors import DataError

MOST_MEMORY = 1 << 30
"""Where nothing can be written, sets up to this size are kept in memory instead."""
_PICTURES = "pictures.u8"


class Block(NamedTuple):
    """Some of the pictures, (n, C, S, S), with the class of each, and what could not be read on the way."""

    pictures: Pixels
    labels: list[int]
    skipped: list[str]


@dataclass(frozen=True)
class Manifest:
    """What `pictures.u8` holds: its shape and SHA-256, each picture's class, and the files that were left out."""

    shape: tuple[int, ...]
    sha256: str
    labels: tuple[int, ...]
    skipped: tuple[str, ...]


class Stored(NamedTuple):
    """The pictures, (N, C, S, S) uint8, and what is known of them."""

    pictures: Tensor
    manifest: Manifest


def stored(key: str, blocks: Callable[[], Iterable[Block]], most: int) -> Stored:
    """The pictures of `key` from the cache folder, or made from `blocks` and put there.

    key      names the files and the preparation; equal keys must mean equal pictures
    most     bytes that the pictures take at most

    A folder appears in the cache whole or not at all, and what is torn or altered there is made anew. Processes that
    want the same pictures wait for the one that makes them. Nothing is stored if there is no picture.

    Errors: `DataError` where the cache cannot be written and memory would not do.
    """
    folder = store.cache() / "images" / key
    written = list[Manifest]()

    def make(empty: Path) -> bool:
        written.append(_write(empty, blocks()))
        return written[-1].shape[0] > 0

    try:
        found = once(folder, make, _open)
    except OSError as error:
        if most > MOST_MEMORY:
            raise DataError(f"{folder.parent}: the decoded pictures need {most / 1e9:.1f} GB there and cannot be "
                            f"written: {error.strerror or error}; make room, or set XDG_CACHE_HOME to another "
                            "folder") from error
        return _in_memory(blocks)
    return found or Stored(torch.empty(written[-1].shape, dtype=torch.uint8), written[-1])


def _write(folder: Path, blocks: Iterable[Block]) -> Manifest:
    digest, shape, labels, skipped = hashlib.sha256(), (0, 0, 0, 0), list[int](), list[str]()
    with (folder / _PICTURES).open("wb") as stream:
        for block in blocks:
            if len(block.pictures):
                content = block.pictures.tobytes()
                stream.write(content)
                digest.update(content)
                shape = (shape[0] + len(block.pictures), *block.pictures.shape[1:])
            labels += block.labels
            skipped += block.skipped
        stream.flush()
        os.fsync(stream.fileno())
    manifest = Manifest(shape, digest.hexdigest(), tuple(labels), tuple(skipped))
    write_manifest(folder, asdict(manifest))
    return manifest


def _open(folder: Path) -> Stored | None:
    """What is stored in a folder, or None unless all of it is as it was written."""
    try:
        values = read_manifest(folder)
        if values is None or sha256_of(folder / _PICTURES) != values["sha256"]:
            return None
        manifest = Manifest(tuple(values["shape"]), values["sha256"], tuple(values["labels"]), tuple(values["skipped"]))
        # mode "c": the file stays as it is whatever is written to the array, and torch takes it without a warning
        mapped = np.memmap(folder / _PICTURES, np.uint8, mode="c", shape=manifest.shape)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Stored(torch.from_numpy(mapped), manifest)


def _in_memory(blocks: Callable[[], Iterable[Block]]) -> Stored:
    read = list(blocks())
    good = [block.pictures for block in read if len(block.pictures)]
    pictures = np.concatenate(good) if good else read[0].pictures
    manifest = Manifest(pictures.shape, hashlib.sha256(pictures.tobytes()).hexdigest(),
                        tuple(label for block in read for label in block.labels),
                        tuple(name for block in read for name in block.skipped))
    return Stored(torch.from_numpy(pictures), manifest)
