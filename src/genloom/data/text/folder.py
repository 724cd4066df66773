"""All texts below a folder."""

import os
from collections import Counter
from pathlib import Path

from genloom.data.text.document import BROKEN, Document, document, opened, unreadable
from genloom.errors import DataError

_HEAD = 1 << 16  # a file with a zero byte among so many is taken to be binary: no text has one


def read_folder(folder: Path) -> tuple[list[Document], str]:
    """The texts below a folder in the order of their names, and a word on what was left out.

    Left out are hidden files and folders, empty files, and binary files: those with a zero byte near their beginning.

    Errors: `DataError` where no text is left, or a file that looks like text is not UTF-8.
    """
    found, left_out = list[Document](), Counter[str]()
    for path in _files(folder, left_out):
        reason = _reason(path)
        if reason:
            left_out[reason] += 1
        else:
            found.append(document(path.relative_to(folder).as_posix(), path))
    told = ", ".join(f"{count:,} {reason}" for reason, count in sorted(left_out.items()))
    marks = sum(each.skipped > 0 for each in found)
    if not found:
        raise DataError(f"{folder}: has no text file" + (f" (left out: {told})" if told else "")
                        + "; give a folder with text in it, or --data.text python-docs, which needs no files")
    return found, (f" (left out: {told})" if told else "") + (f", {marks} byte order marks left out" if marks else "")


def _files(folder: Path, left_out: Counter[str]) -> list[Path]:
    """Files below a folder, hidden ones apart, sorted by their path in bytes, which no locale changes."""
    found = list[Path]()
    for root, folders, names in os.walk(folder, onerror=_closed):
        left_out["hidden"] += sum(name.startswith(".") for name in (*folders, *names))
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(root, name) for name in names if not name.startswith(".")]
    if not left_out["hidden"]:
        del left_out["hidden"]
    return sorted(found, key=lambda path: os.fsencode(path.relative_to(folder).as_posix()))


def _closed(error: OSError) -> None:
    """A folder that cannot be looked into must not be left out silently."""
    raise unreadable(Path(error.filename), error) from error


def _reason(path: Path) -> str:
    """Why a file is left out; "" for one that is text."""
    if not path.is_file():
        return "no plain files"
    try:
        with opened(path) as stream:
            head = stream.read(_HEAD)
    except BROKEN as error:
        raise unreadable(path, error) from error
    return "binary" if b"\0" in head else "" if head else "empty"
