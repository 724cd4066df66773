"""What is made once and then taken from the cache folder: it is there whole or not at all, and checked when opened."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

Made = TypeVar("Made")

MANIFEST = "manifest.json"
_ABANDONED = 24 * 3600  # seconds after which what a killed process left half written is removed


def once(folder: Path, make: Callable[[Path], bool | None], opened: Callable[[Path], Made | None]) -> Made | None:
    """What `folder` holds, made first where it is not there whole.

    make     fills an empty folder; False says that there was nothing to keep
    opened   gives what a folder holds, or None unless all of it is as it was written

    A folder appears whole or not at all, and what is torn or altered there is made anew. Processes that want the same
    wait for the one that makes it. None where `make` kept nothing.

    Errors: `OSError` where nothing can be written.
    """
    if (found := opened(folder)) is not None:
        return found
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _turn(folder.with_suffix(".lock")):
        if (found := opened(folder)) is not None:  # another process made it meanwhile
            return found
        _sweep(folder.parent)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
        try:
            if make(made) is False:
                return None
            _put(made, folder, opened)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    if (found := opened(folder)) is None:
        raise OSError(f"{folder} does not hold what was written to it")
    return found


def write_manifest(folder: Path, values: dict[str, Any]) -> None:
    """Write values that JSON can hold, with their SHA-256, to the disk itself."""
    body = json.dumps(values)
    with (folder / MANIFEST).open("w", encoding="utf-8") as stream:
        json.dump({"sha256": hashlib.sha256(body.encode()).hexdigest(), "body": body}, stream)
        stream.flush()
        os.fsync(stream.fileno())


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """What `write_manifest` wrote, or None where that is not what is there."""
    try:
        outer = json.loads((folder / MANIFEST).read_text("utf-8"))
        body = outer["body"]
        if hashlib.sha256(body.encode()).hexdigest() != outer["sha256"]:
            return None
        values = json.loads(body)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _put(made: Path, folder: Path, opened: Callable[[Path], Made | None]) -> None:
    """Move a finished folder to its place; a damaged one there makes room, one that another process made stays."""
    if folder.exists() and opened(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # it is there already
        made.rename(folder)


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
