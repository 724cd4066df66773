"""Decoded pictures in a file that is mapped into memory: decoded once, checked whenever it is opened."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.data import store
from genloom.data.images.picture import Pixels
from genloom.errors import DataError

MOST_MEMORY = 1 << 30
"""Where nothing can be written, sets up to this size are kept in memory instead."""
_PICTURES, _MANIFEST = "pictures.u8", "manifest.json"
_ABANDONED = 24 * 3600  # seconds after which what a killed process left half written is removed


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
    if (found := _open(folder)) is not None:
        return found
    try:
        return _build(folder, blocks)
    except OSError as error:
        if most > MOST_MEMORY:
            raise DataError(f"{folder.parent}: the decoded pictures need {most / 1e9:.1f} GB there and cannot be "
                            f"written: {error.strerror or error}; make room, or set XDG_CACHE_HOME to another "
                            "folder") from error
    return _in_memory(blocks)


def _build(folder: Path, blocks: Callable[[], Iterable[Block]]) -> Stored:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _turn(folder.with_suffix(".lock")):
        if (found := _open(folder)) is not None:  # another process made it meanwhile
            return found
        _sweep(folder.parent)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
        try:
            manifest = _write(made, blocks())
            if manifest.shape[0] == 0:
                return Stored(torch.empty(manifest.shape, dtype=torch.uint8), manifest)
            _put(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    found = _open(folder)
    if found is None:
        raise OSError(f"{folder} does not hold what was written to it")
    return found


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
    body = json.dumps(asdict(manifest))
    with (folder / _MANIFEST).open("w", encoding="utf-8") as stream:
        json.dump({"sha256": hashlib.sha256(body.encode()).hexdigest(), "body": body}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    return manifest


def _put(made: Path, folder: Path) -> None:
    """Move a finished folder to its place; a damaged one there makes room, one that another process made stays."""
    if folder.exists() and _open(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # it is there already
        made.rename(folder)


def _open(folder: Path) -> Stored | None:
    """What is stored in a folder, or None unless all of it is as it was written."""
    try:
        outer = json.loads((folder / _MANIFEST).read_text("utf-8"))
        body = outer["body"]
        if hashlib.sha256(body.encode()).hexdigest() != outer["sha256"]:
            return None
        values = json.loads(body)
        manifest = Manifest(tuple(values["shape"]), values["sha256"], tuple(values["labels"]), tuple(values["skipped"]))
        with (folder / _PICTURES).open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != manifest.sha256:
                return None
        # mode "c": the file stays as it is whatever is written to the array, and torch takes it without a warning
        mapped = np.memmap(folder / _PICTURES, np.uint8, mode="c", shape=manifest.shape)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
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


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    """One process at a time, where the system has locks; without them each does the work, and one result is kept."""
    with path.open("w") as stream:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _sweep(parent: Path) -> None:
    for old in parent.glob(".new-*"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > _ABANDONED:
                shutil.rmtree(old, ignore_errors=True)
