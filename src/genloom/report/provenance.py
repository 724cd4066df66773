"""What a picture came from, written into its PNG text: recipe, seed, checkpoint, command."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from genloom.errors import DataError, InputError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PREFIX = "genloom:"
_MAX_TEXT = 1 << 20  # bytes of all text of one picture; what genloom writes is about 1 kB
_MAX_CHUNKS = 100_000


def embed(png: bytes, provenance: Mapping[str, str]) -> bytes:
    """The PNG with one international text chunk (iTXt) for each entry, after its header. [PNG 3rd ed., §11.3.3.4]

    Errors: `InputError` for a key that is not 1–70 printable ASCII characters, or more than 1 MiB of text.
    """
    header = len(_SIGNATURE) + 12 + 13  # IHDR is always first and 13 bytes long
    chunks = b"".join(_text_chunk(key, value) for key, value in provenance.items())
    if len(chunks) > _MAX_TEXT:
        raise InputError("provenance", f"{len(chunks)} bytes", f"at most {_MAX_TEXT} bytes")
    return png[:header] + chunks + png[header:]


def read_provenance(path: Path) -> dict[str, str]:
    """What genloom wrote into a picture, by key: "recipe", "seed", "checkpoint", "command", …

    Reads the text chunks only, never the pixels, and no more than 1 MiB of text.

    Errors: `DataError` where the file is missing, no PNG, damaged, or has no text of genloom.
    """
    try:
        with path.open("rb") as file:
            found = dict(_entries(file, path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if not found:
        raise DataError(f"{path}: a PNG without genloom's text; it was not made by genloom, or was converted since")
    return found


def _text_chunk(key: str, value: str) -> bytes:
    if not (1 <= len(key) <= 70 and key.isascii() and key.isprintable()):
        raise InputError("provenance key", key, "1 to 70 printable ASCII characters")
    body = f"{_PREFIX}{key}".encode("latin-1") + b"\0\0\0\0\0" + value.replace("\0", "").encode("utf-8", "replace")
    return struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))


def _entries(file: BinaryIO, path: Path) -> Iterator[tuple[str, str]]:
    if file.read(len(_SIGNATURE)) != _SIGNATURE:
        raise DataError(f"{path}: not a PNG picture")
    size = file.seek(0, 2)
    file.seek(len(_SIGNATURE))
    room = _MAX_TEXT
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            raise DataError(f"{path}: the PNG is cut off")
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        if file.tell() + length + 4 > size:
            raise DataError(f"{path}: the PNG is cut off")
        if kind != b"iTXt":
            file.seek(length + 4, 1)
            continue
        room -= length
        if room < 0:
            raise DataError(f"{path}: more than {_MAX_TEXT} bytes of text, so not written by genloom")
        yield from _entry(file.read(length), file.read(4), path)
    raise DataError(f"{path}: more than {_MAX_CHUNKS} chunks, so not written by genloom")


def _entry(body: bytes, check: bytes, path: Path) -> Iterator[tuple[str, str]]:
    if struct.pack(">I", zlib.crc32(b"iTXt" + body)) != check:
        raise DataError(f"{path}: the PNG's text is damaged (wrong CRC)")
    key, _, rest = body.partition(b"\0")
    if key.startswith(_PREFIX.encode()) and rest.startswith(b"\0\0\0\0"):  # not compressed, no language, no translation
        yield key.decode("latin-1").removeprefix(_PREFIX), rest[4:].decode("utf-8", "replace")
