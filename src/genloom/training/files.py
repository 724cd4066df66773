"""Files that are old or new and never half: write, fsync, rename, fsync the folder."""

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from genloom.errors import DiskFullError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file and wait until the device has it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the device has the folder's list of names; a rename is not safe before."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(source: Path, target: Path) -> None:
    """Rename within one folder, durably."""
    source.replace(target)
    sync_folder(target.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file by another content in one step: a reader, or a power cut, sees the old one or the new one."""
    temporary = path.with_name(f".{path.name}.tmp")
    write_bytes(temporary, data)
    rename(temporary, path)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to be written bit by bit, which takes the place of another one at the end, as `write_atomically` has it.

    Where the writing fails, the old one stays and nothing is beside it.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_note(path: Path, data: bytes) -> None:
    """As `write_atomically` for readers, but without waiting for the device: for what a power cut may take back."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def append_line(path: Path, row: dict[str, Any]) -> None:
    """Append a JSON row to a log and hand it to the system."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The whole rows of a JSON-lines log; what a kill tore at its end is left out."""
    rows = []
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        for line in file:
            try:
                row = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                row = None
            if isinstance(row, dict):
                rows.append(row)
    return rows


def free_bytes(folder: Path) -> int:
    """Room that is left where a folder lies."""
    return shutil.disk_usage(folder).free


def require_room(folder: Path, needed: int) -> None:
    """Refuse to start what will not fit.

    Errors: `DiskFullError` with path, needed and free.
    """
    free = free_bytes(folder)
    if free < needed:
        raise disk_full(folder, needed, free)


@contextlib.contextmanager
def explain_full_disk(folder: Path, needed: int) -> Iterator[None]:
    """Turn the system's "no space" into a `DiskFullError` that says how much was needed and how much there is."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise disk_full(folder, needed, free_bytes(folder)) from error


def disk_full(folder: Path, needed: int, free: int) -> DiskFullError:
    """The error of a disk without room for a checkpoint."""
    return DiskFullError(
        f"no room for a checkpoint in {folder}: {_megabytes(needed)} needed, {_megabytes(free)} free; "
        "the previous checkpoint is intact; free some space, or keep fewer with --engine.keep 1, then resume")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
