"""The IDX format of MNIST and its relatives: a short header, then bytes."""

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from genloom.errors import DataError

MOST_BYTES = 1 << 31
_BYTE_TYPE = 0x08
_STEMS = {"train": "train", "test": "t10k"}


def idx_pair(folder: Path, part: str) -> tuple[Path, Path] | None:
    """(pictures, labels) of the part "train" or "test" in a folder with the file names of MNIST, raw or .gz, or None.

    >>> idx_pair(Path("nowhere"), "train") is None
    True
    """
    found = [next((path for ending in ("", ".gz")
                   if (path := folder / f"{_STEMS[part]}-{kind}-ubyte{ending}").is_file()), None)
             for kind in ("images-idx3", "labels-idx1")]
    return (found[0], found[1]) if found[0] and found[1] else None


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of bytes in an IDX file, raw or compressed by gzip; the header is not believed beyond what follows it.

    Layout: 0, 0, type, number of dimensions d, then d big-endian uint32 lengths, then the values, row by row.
    [LeCun, Cortes & Burges, "The MNIST database"]

    Errors: `DataError` for a file that is missing or damaged, of another type or number of dimensions, or longer or
    shorter than its header says.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    return _parse(unpacked, path, dimensions)  # type: ignore[arg-type]
            return _parse(raw, path, dimensions)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def _parse(stream: BinaryIO, path: Path, dimensions: int) -> NDArray[np.uint8]:
    header = stream.read(4 + 4 * dimensions)
    if header[:4] != bytes((0, 0, _BYTE_TYPE, dimensions)) or len(header) < 4 + 4 * dimensions:
        raise DataError(f"{path}: not an IDX file of bytes in {dimensions} dimension{'s'[:dimensions - 1]}: "
                        f"it starts with {header[:4].hex(' ') or 'nothing'}")
    shape = tuple(int(length) for length in np.frombuffer(header, ">u4", offset=4))
    size = math.prod(shape)
    if not 0 < size <= MOST_BYTES:
        raise DataError(f"{path}: its header tells of {' × '.join(map(str, shape))} bytes, which cannot be")
    values = _exactly(stream, size)
    if values is None:
        raise DataError(f"{path}: does not hold the {size:,} bytes that its header tells of; it is damaged")
    return values.reshape(shape)


def _exactly(stream: BinaryIO, size: int) -> NDArray[np.uint8] | None:
    """All that is left of a stream if that is `size` bytes; memory grows with what is there, not with what is said."""
    blocks, left = [], size
    while left and (block := stream.read(min(left, 1 << 22))):
        blocks.append(block)
        left -= len(block)
    return None if left or stream.read(1) else np.frombuffer(b"".join(blocks), np.uint8)
