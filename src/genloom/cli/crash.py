"""Unexpected failures: the traceback goes to a file, the person gets one line that says where."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from genloom.errors import DiskFullError, GenloomError, InputError


class Crash(GenloomError):
    """A fault in genloom itself; the traceback was saved."""


_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EEXIST,
            errno.ENOENT, errno.ELOOP}


@contextlib.contextmanager
def saved_in(folder: Path | None) -> Iterator[None]:
    """Turn an unexpected exception into one line, with its traceback in `folder`, or in a temporary file.

    Errors: `Crash`; `InputError` for a path that the system refuses; `DiskFullError` where there is no room.
    """
    try:
        yield
    except (GenloomError, BrokenPipeError):
        raise
    except OSError as error:
        raise _system(error, folder) from error
    except Exception as error:
        raise _crash(error, folder) from error


def _system(error: OSError, folder: Path | None) -> GenloomError:
    place = error.filename or folder or "a file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"no room to write {place}; free some space, or pass --out with a folder on another disk")
    if error.errno in _REFUSED:
        return InputError("path", str(place), f"usable ({error.strerror})", "pass another path")
    return _crash(error, folder)


def _crash(error: Exception, folder: Path | None) -> Crash:
    import traceback  # only where it is needed: mistakes answer at once

    text = "".join(traceback.format_exception(error))
    kind = type(error).__name__
    remedy = "; a smaller --engine.batch-size needs less memory" if "out of memory" in str(error).lower() else ""
    said = str(error)[:300] or "no message"
    return Crash(f"{kind}: {said}{remedy} (unexpected; traceback in {save_traceback(text, folder)})")


def save_traceback(text: str, folder: Path | None) -> str:
    """Write a traceback into a folder, or into a temporary file where that fails; returns where it is."""
    if folder is not None:
        with contextlib.suppress(OSError):
            path = folder / "traceback.txt"
            path.write_text(text, encoding="utf-8")
            return str(path)
    import tempfile

    with contextlib.suppress(OSError), tempfile.NamedTemporaryFile(
            "w", prefix="genloom-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write(text)
        return file.name
    return "no file: none could be written"
