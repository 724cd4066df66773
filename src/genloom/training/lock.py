"""One process per run folder, by a lock that the system takes back when its holder dies."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genloom.errors import RunInUse


@contextlib.contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock file `path` for the length of a `with` block.

    The file says who holds it; the lock itself is flock(2), so that of a dead holder only the words are left.

    Errors: `RunInUse` with the holder's process number, machine and time if somebody alive has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _acquire(descriptor):
            raise RunInUse(f"{path.parent} is in use by {_describe(_holder(path))}; wait for it, stop it, or train "
                           "into another folder with --out")
        me = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(me).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _acquire(descriptor, attempts=1)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, attempts: int = 5) -> bool:
    """Try to take the lock; more than once, because `is_held` of another process takes it for a moment."""
    import fcntl  # POSIX alone has it; imported here so that the rest of a run's tools work everywhere

    for attempt in range(attempts):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt + 1 < attempts:
                time.sleep(0.02)
        else:
            return True
    return False


def _holder(path: Path, patience: float = 0.5) -> dict[str, Any]:
    """What the holder wrote; it may be about to."""
    until = time.monotonic() + patience
    while True:
        with contextlib.suppress(OSError, ValueError):
            holder = json.loads(path.read_text("utf-8"))
            if isinstance(holder, dict):
                return holder
        if time.monotonic() > until:
            return {}
        time.sleep(0.02)


def _describe(holder: dict[str, Any]) -> str:
    if not holder:
        return "another process"
    return f"process {holder.get('pid')} on {holder.get('host')} since {holder.get('since')}"
