"""One text: checked once, then read from any byte to any other, however large it is and whether packed or not."""

import bz2
import codecs
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, cast

from genloom.errors import DataError

BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a file may raise."""
Octets = bytes  # where `bytes` is the name of a number
_BLOCK = 1 << 20
_PACKED: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}


class Span(NamedTuple):
    """Bytes start … stop − 1 of a document, which is given by its index in the corpus."""

    document: int
    start: int
    stop: int

    @property
    def bytes(self) -> int:
        """How many."""
        return self.stop - self.start


class Document(NamedTuple):
    """A text that was found to be UTF-8.

    name      its file, relative to the folder, or what it is known by
    bytes     without a byte order mark
    digest    SHA-256 of these bytes
    origin    its file, or its bytes themselves
    skipped   bytes of the byte order mark at the head of the file: 0 or 3
    """

    name: str
    bytes: int
    digest: str
    origin: Path | Octets
    skipped: int = 0

    def open(self) -> "Reader":
        """A reader, to be closed or used in a `with`: spans in their order are read in one pass, packed or not."""
        return Reader(self)

    def read(self, start: int, stop: int) -> Octets:
        """Bytes start … stop − 1.

        Errors: `DataError` where the file is no longer what it was.
        """
        with self.open() as reader:
            return reader.read(start, stop)

    def chunks(self, start: int, stop: int, size: int = _BLOCK) -> Iterator[Octets]:
        """The same in chunks of up to `size` bytes, at least 4, which never cut a character."""
        with self.open() as reader:
            yield from reader.chunks(start, stop, size)


class Reader:
    """An open document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        try:
            self._stream = opened(document.origin)
        except BROKEN as error:
            raise unreadable(document.origin, error) from error

    def read(self, start: int, stop: int) -> bytes:
        """Bytes start … stop − 1.

        Errors: `DataError` where the file is no longer what it was.
        """
        document = self._document
        try:
            self._stream.seek(document.skipped + start)
            found = self._stream.read(stop - start)
        except BROKEN as error:
            raise unreadable(document.origin, error) from error
        if len(found) != stop - start:
            raise DataError(f"{document.origin!s:.200}: has become shorter while it was read; it had "
                            f"{document.bytes:,} bytes; leave it alone and start again")
        return found

    def chunks(self, start: int, stop: int, size: int = _BLOCK) -> Iterator[bytes]:
        """The same in chunks of up to `size` bytes, at least 4, which never cut a character."""
        while start < stop:
            chunk = self.read(start, min(start + size, stop))
            if start + len(chunk) < stop:
                chunk = chunk[: whole(chunk)]
            yield chunk
            start += len(chunk)

    def close(self) -> None:
        """Give the file back."""
        self._stream.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def whole(chunk: bytes) -> int:
    """The length of a chunk of UTF-8 without the character that its end cuts.

    >>> whole("né".encode()), whole("né".encode()[:-1])
    (3, 1)
    """
    for back in range(1, min(4, len(chunk)) + 1):
        byte = chunk[-back]
        if byte >= 0xC0:  # the first byte of a character of 2, 3 or 4 bytes
            return len(chunk) - back if back < 2 + (byte >= 0xE0) + (byte >= 0xF0) else len(chunk)
        if byte < 0x80:
            break
    return len(chunk)


def document(name: str, origin: Path | bytes) -> Document:
    """The document of a file or of bytes, all of which are read once, block by block, and must be UTF-8.

    Errors: `DataError` for what cannot be read or is not UTF-8, with the place and a way to mend it.
    """
    digest, size, skipped = hashlib.sha256(), 0, 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with opened(origin) as stream:
            while block := stream.read(_BLOCK):
                waiting = len(decoder.getstate()[0])
                try:
                    decoder.decode(block)
                except UnicodeDecodeError as error:
                    raise _not_utf8(name, skipped + size - waiting + error.start, block) from error
                if size == 0 and block.startswith(codecs.BOM_UTF8):
                    block, skipped = block[3:], 3
                digest.update(block)
                size += len(block)
    except BROKEN as error:
        raise unreadable(origin, error) from error
    if cut := len(decoder.getstate()[0]):
        raise _not_utf8(name, skipped + size - cut, b"")
    return Document(name, size, digest.hexdigest(), origin, skipped)


def opened(origin: Path | bytes) -> IO[bytes]:
    """The bytes as a stream, unpacked where the name ends in .gz, .xz or .bz2."""
    if isinstance(origin, bytes):
        return io.BytesIO(origin)
    packed = _PACKED.get(origin.suffix.lower())
    return cast(IO[bytes], packed(origin, "rb")) if packed else origin.open("rb")


def unreadable(origin: Path | bytes, error: BaseException) -> DataError:
    """The error for a file that cannot be read."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return DataError(f"{origin!s:.200}: cannot be read: {reason}; check the file, or get it again")


def _not_utf8(name: str, offset: int, block: bytes) -> DataError:
    if b"\0" in block and block[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return DataError(f"{name}: no text: it has zero bytes, and byte {offset:,} is not UTF-8; give a text file, or "
                         "a folder, in which such files are left out")
    wide = offset == 0 and block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    coding = "UTF-16" if wide else "LATIN1"
    return DataError(f"{name}: not UTF-8 at byte {offset:,}; convert it, e.g. `iconv -f {coding} -t UTF-8 FILE > NEW`")
