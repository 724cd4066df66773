"""Sealed JSON: small files that carry their own SHA-256, and the manifest of a checkpoint's files."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genloom.errors import CheckpointError

FORMAT = 1
"""Version of the checkpoint format that is written; lower ones can be read, higher ones cannot."""

MANIFEST = "manifest.json"

_MANIFEST_LIMIT = 1 << 20


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def seal(body: Mapping[str, Any]) -> bytes:
    """JSON of `body` and its SHA-256, in one canonical form: no bit of it can change unnoticed."""
    text = json.dumps(body, sort_keys=True)
    return f'{{"body": {text}, "sha256": "{digest(text.encode())}"}}\n'.encode()


def unseal(raw: bytes, path: Path) -> dict[str, Any]:
    """The body of a sealed file.

    Errors: `CheckpointError` if a bit of it was altered, or if it has a newer format than `FORMAT`.
    """
    try:
        body = json.loads(raw)["body"]
        whole = seal(body) == raw
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole or not isinstance(body, dict):
        raise CheckpointError(f"{path} is damaged: it is not what was written")
    found = body.get("format", 0)
    if not isinstance(found, int) or found > FORMAT:
        raise CheckpointError(f"{path} has format {found}; this genloom reads formats up to {FORMAT}: upgrade genloom")
    return body


def describe(files: Mapping[str, bytes]) -> bytes:
    """The sealed manifest of files by name: their SHA-256 and size, and the format."""
    entries = {name: {"sha256": digest(data), "bytes": len(data)} for name, data in files.items()}
    return seal({"format": FORMAT, "files": entries})


def read_verified(folder: Path) -> dict[str, bytes]:
    """The files of a checkpoint, each compared with the manifest; what is returned is what was hashed.

    Errors: `CheckpointError` that names the file that is missing, truncated or altered.
    """
    path = folder / MANIFEST
    entries = unseal(_read(path, _MANIFEST_LIMIT), path).get("files", {})
    try:
        expected = {str(name): (int(entry["bytes"]), str(entry["sha256"])) for name, entry in entries.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is not a manifest of files") from error
    if any(Path(name).name != name for name in expected):
        raise CheckpointError(f"{path} names files outside its folder")
    return {name: _verified(folder / name, *entry) for name, entry in expected.items()}


def _verified(path: Path, size: int, sha256: str) -> bytes:
    data = _read(path, size)
    if len(data) != size:
        raise CheckpointError(f"{path} is damaged: {len(data)} bytes where {size} were written")
    if digest(data) != sha256:
        raise CheckpointError(f"{path} is damaged: its SHA-256 is not the one of its manifest")
    return data


def _read(path: Path, limit: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > limit:  # looked at first, so that no file of whatever size is read into memory
            raise CheckpointError(f"{path} is damaged: {size} bytes where at most {limit} were written")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
