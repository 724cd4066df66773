"""Pictures in a folder and its sub-folders."""

import os
from collections.abc import Iterator
from pathlib import Path

from genloom.data.images.listing import MOST_BYTES, Entry, Listing, is_picture, shown
from genloom.data.images.picture import Unreadable
from genloom.errors import DataError


def list_folder(path: Path) -> Listing:
    """The pictures below a folder, links followed.

    Errors: `DataError` for a folder that cannot be read.
    """
    try:
        files = list(_walk(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    entries = [entry for file in files if is_picture(parts := file.relative_to(path).parts)
               and (entry := _entry(file, parts)) is not None]
    return Listing(root=shown(str(path)), place=str(path.resolve()), read=_read, other=len(files) - len(entries),
                   entries=tuple(sorted(entries, key=lambda entry: entry.parts)))


def _walk(path: Path) -> Iterator[Path]:
    """All files; a folder that a link makes appear twice on one way down is entered once."""
    seen: set[tuple[int, int]] = set()
    for folder, inner, names in os.walk(path, followlinks=True, onerror=_raise):
        known = Path(folder).stat()
        if (known.st_dev, known.st_ino) in seen:
            inner.clear()
            continue
        seen.add((known.st_dev, known.st_ino))
        yield from (Path(folder) / name for name in names)


def _raise(error: OSError) -> None:
    raise error


def _entry(file: Path, parts: tuple[str, ...]) -> Entry | None:
    try:
        known = file.stat()
    except OSError:  # a link that leads nowhere: listed, so that reading it tells of it
        return Entry(parts, 0, "gone", file)
    return Entry(parts, known.st_size, f"{known.st_mtime_ns} {known.st_ctime_ns}", file)


def _read(entry: Entry) -> bytes:
    if entry.size > MOST_BYTES:
        raise Unreadable(f"{entry.size:,} bytes, more than {MOST_BYTES:,}")
    file = entry.at
    assert isinstance(file, Path)
    if not file.is_file():
        raise Unreadable("not a file that is there")
    with file.open("rb") as stream:
        return stream.read(MOST_BYTES)
