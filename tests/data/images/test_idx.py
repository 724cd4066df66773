import contextlib
import gzip
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from genloom.data.images.idx import idx_pair, read_idx
from genloom.errors import DataError


def idx(array: np.ndarray) -> bytes:  # type: ignore[type-arg]
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}L", *array.shape) + array.tobytes()


PICTURES = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)


@pytest.mark.parametrize("packed", [False, True])
def test_an_array_comes_back_raw_or_compressed(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "pictures"
    path.write_bytes(gzip.compress(idx(PICTURES)) if packed else idx(PICTURES))
    assert np.array_equal(read_idx(path, 3), PICTURES)


PACKED = gzip.compress(idx(PICTURES), mtime=0)
"""The same bytes whenever they are made."""


@pytest.mark.parametrize("content", [
    b"", b"\0\0", idx(PICTURES)[:-1], idx(PICTURES) + b"\0", idx(PICTURES[0]), b"\0\0\x0d\3" + idx(PICTURES)[4:],
    bytes((0, 0, 8, 3)) + struct.pack(">3L", 2**32 - 1, 2**32 - 1, 2**32 - 1), idx(PICTURES[:0]),
    bytes((0, 0, 8, 3)) + struct.pack(">3L", 30_000, 200, 300) + b"short", PACKED[:-9],
    PACKED[:20] + b"!" * 30, b"\x1f\x8b"], ids=range(12))
def test_what_is_not_the_array_it_claims_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pictures"
    path.write_bytes(content)
    with pytest.raises(DataError, match="pictures"):
        read_idx(path, 3)


def test_a_gzip_bomb_is_read_no_further_than_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(idx(PICTURES))
        for _ in range(64):
            stream.write(bytes(1 << 20))
    with pytest.raises(DataError, match="does not hold the 60 bytes"):
        read_idx(path, 3)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not-there"):
        read_idx(tmp_path / "not-there", 3)


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path: Path, packed: bool) -> None:
    whole, chance, path = idx(PICTURES), random.Random(0), tmp_path / "pictures"
    whole = gzip.compress(whole, mtime=0) if packed else whole
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 4))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content[: chance.choice((len(content), chance.randrange(len(content))))])
        with contextlib.suppress(DataError):
            assert read_idx(path, 3).size == 60


def test_the_files_of_a_part_are_found_by_their_names(tmp_path: Path) -> None:
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte"):
        (tmp_path / name).write_bytes(b"")
    pair = idx_pair(tmp_path, "train")
    assert pair is not None
    assert [path.name for path in pair] == ["train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"]
    assert idx_pair(tmp_path, "test") is None
