"""What everyday compressors make of the held-out text: a compressor is a language model that comes for nothing."""

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterable
from typing import NamedTuple

from genloom.errors import DataError

MOST = 1 << 26
"""Bytes of training text that a compressor is given at most, the last ones: beyond 64 MB even xz forgets."""

_COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda text: gzip.compress(text, 9, mtime=0),  # looks back 32 kB
    "bz2": lambda text: bz2.compress(text, 9),  # 900 kB
    "xz": lambda text: lzma.compress(text, preset=9 | lzma.PRESET_EXTREME),  # 64 MB
}


class Compressed(NamedTuple):
    """One compressor's bits per byte of held-out text.

    alone   of this text and nothing else, with what a file needs at its head
    after   of what it adds to the training text: (|c(train + held)| − |c(train)|) · 8 / bytes
    """

    name: str
    alone: float
    after: float


def compression(train: Iterable[bytes], held: Iterable[bytes]) -> tuple[Compressed, ...]:
    """Bits per byte by gzip, bz2 and xz, each at its strongest.

    train   the training text in chunks, of which the last 64 MB are taken
    held    the held-out text in chunks, of which the first 64 MB are taken

    Errors: `DataError` for a held-out text without bytes.
    """
    before, text = _last(train), b"".join(_first(held))
    if not text:
        raise DataError("there is no held-out text to compress; hold some out")
    return tuple(_compressed(name, before, text) for name in _COMPRESSORS)


def _compressed(name: str, before: bytes, text: bytes) -> Compressed:
    alone, shorter, longer = (len(_COMPRESSORS[name](each)) for each in (text, before, before + text))
    return Compressed(name, 8 * alone / len(text), 8 * (longer - shorter) / len(text))


def _last(chunks: Iterable[bytes]) -> bytes:
    kept = bytearray()
    for chunk in chunks:
        kept += chunk
        if len(kept) > 2 * MOST:
            del kept[:-MOST]
    return bytes(kept[-MOST:])


def _first(chunks: Iterable[bytes]) -> Iterable[bytes]:
    room = MOST
    for chunk in chunks:
        yield chunk[:room]
        room -= len(chunk)
        if room <= 0:
            return
