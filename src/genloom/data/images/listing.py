"""What a folder or a ZIP holds, as one list of files that can be read one by one, without trusting their names."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from genloom.data.images.picture import ENDINGS

MOST_BYTES = 1 << 27
"""The largest picture file that is read: 128 MiB."""


class Entry(NamedTuple):
    """One file.

    parts   its path below the root, as words that no file system ever sees again
    size    its length in bytes, as declared
    stamp   what changes when the file does: its times of change, or its checksum
    at      where `Listing.read` finds it
    """

    parts: tuple[str, ...]
    size: int
    stamp: str
    at: object

    @property
    def name(self) -> str:
        """The path in words for people."""
        return shown("/".join(self.parts))


@dataclass(frozen=True, kw_only=True)
class Listing:
    """All files of a folder or a ZIP that are pictures by their names, sorted.

    root     its name, for people
    place    tells collections apart whose files look alike from outside; empty where the stamps do that
    other    number of further files
    read     the bytes of one entry; raises `Unreadable`, OSError or what the unpacking raises
    """

    root: str
    place: str
    entries: tuple[Entry, ...]
    other: int
    read: Callable[[Entry], bytes]


def is_picture(parts: tuple[str, ...]) -> bool:
    """Whether a file is a picture by its name; hidden files and what macOS adds to a ZIP are not."""
    return (PurePosixPath(parts[-1]).suffix.lower() in ENDINGS
            and not any(part.startswith((".", "__MACOSX")) for part in parts))


def shown(name: str, limit: int = 100) -> str:
    """A foreign name made fit to print: no control characters, not too long.

    >>> shown("a\\x1b[31m.png")
    'a�[31m.png'
    """
    inert = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return inert if len(inert) <= limit else f"…{inert[-limit + 1:]}"
