"""The text that a language model learns: what it is made of, and where it comes from."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from genloom.data.store import locate
from genloom.data.text.document import Document, document
from genloom.data.text.folder import read_folder
from genloom.errors import DataError, InputError

NAMES = ("python-docs", "alice")
"""Texts that are known by name: the first is inside every Python, the other one is fetched."""


@dataclass(frozen=True)
class Corpus:
    """Documents in a fixed order, taken byte for byte: ends of lines are as they are.

    description   what it is, in one line
    """

    documents: tuple[Document, ...]
    description: str

    @cached_property
    def bytes(self) -> int:
        """UTF-8 bytes of all documents."""
        return sum(each.bytes for each in self.documents)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the SHA-256 of the documents, whatever their names are."""
        return hashlib.sha256("\n".join(each.digest for each in self.documents).encode()).hexdigest()


def read_corpus(text: str, data_root: str | Path | None = None) -> Corpus:
    """The corpus of a name or a path; every byte is looked at once, and memory stays small however large it is.

    text        "python-docs", the documentation topics inside this Python; "alice", Alice's Adventures in Wonderland; a
                file, which may be packed (.gz, .xz, .bz2); or a folder, with all text files below it in the order of
                their names, hidden and binary ones left out
    data_root   where files of known data sets are looked for first

    Errors: `InputError` for what is neither; `DataError` for text that is missing, empty or not UTF-8.
    """
    if text == "python-docs":
        return _python_docs()
    if text == "alice":
        return _alice(data_root)
    path = _path(text)
    if path.is_dir():
        found, told = read_folder(path)
        return _corpus(found, f"{path.name or path}, {len(found):,} files, {sum(each.bytes for each in found):,} bytes"
                              f"{told}")
    one = document(path.name, path)
    if one.bytes == 0:
        raise DataError(f"{path}: is empty; give a file with text, or --data.text python-docs, which needs no file")
    return _corpus([one], f"{path.name}, {one.bytes:,} bytes{_marked([one])}")


def _python_docs() -> Corpus:
    """The topics in the order of their names; what several of them have stands there once, or tests would be known."""
    import platform
    from pydoc_data.topics import topics

    distinct = dict[str, str]()
    for name in sorted(topics):
        for paragraph in re.split(r"\n{2,}", topics[name].strip("\n")):
            distinct.setdefault(" ".join(paragraph.split()), paragraph)
    text = ("\n\n".join(distinct.values()) + "\n").encode()
    return _corpus([document("python-docs", text)], f"documentation topics of Python {platform.python_version()}, "
                                                    f"each paragraph once, {len(text):,} bytes")


def _alice(data_root: str | Path | None) -> Corpus:
    try:
        (path,) = locate("alice", data_root).values()
    except DataError as error:
        raise DataError(f"{error}; or pass --data.text python-docs, which needs no files") from error
    one = document(path.name, path)
    return _corpus([one], f"Alice's Adventures in Wonderland, {one.bytes:,} bytes")


def _corpus(documents: Iterable[Document], description: str) -> Corpus:
    return Corpus(tuple(documents), description)


def _marked(documents: list[Document]) -> str:
    return ", without its byte order mark" if any(each.skipped for each in documents) else ""


def _path(text: str) -> Path:
    allowed = f"{', '.join(NAMES)}, or an existing file or folder"
    if not text.strip() or (Path(text).name == "-" and not Path(text).exists()):
        raise InputError("data.text", text, allowed,
                         "text is read more than once, so put what comes through a pipe into a file, packed if large")
    path = Path(text).expanduser()
    if not path.exists():
        near = get_close_matches(text, NAMES, n=1, cutoff=0.6)
        raise InputError("data.text", text, allowed, f"did you mean {near[0]!r}?" if near else "check the path")
    if not (path.is_file() or path.is_dir()):
        raise InputError("data.text", text, allowed,
                         "a pipe or a device can be read only once: put its text into a file, packed if it is large")
    return path
