import gzip
import lzma
import random

import pytest

from genloom.autoregressive import compression as compressing
from genloom.autoregressive.compression import compression
from genloom.errors import DataError

RNG = random.Random(0)


def test_random_bytes_need_8_bits_and_what_was_seen_before_nearly_none() -> None:
    noise = RNG.randbytes(20_000)
    for each in compression([RNG.randbytes(20_000)], [noise]):
        assert 8 <= each.alone < 8.2
        assert 7.9 < each.after < 8.2
    gzipped, _, xz = compression([noise], [noise])
    assert gzipped.after < 0.2
    assert xz.after < 0.2


def test_numbers_are_those_of_the_files() -> None:
    train, held = b"the cat sat on the mat, and so on. " * 100, b"the dog sat on the mat, and so on. " * 50
    gzipped, bz, xz = compression([train[:50], train[50:]], [held])
    assert [gzipped.name, bz.name, xz.name] == ["gzip", "bz2", "xz"]
    assert gzipped.alone == 8 * len(gzip.compress(held, 9)) / len(held)
    sizes = [len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)) for text in (train + held, train)]
    assert xz.after == 8 * (sizes[0] - sizes[1]) / len(held)


def test_of_long_texts_the_end_of_the_training_and_the_beginning_of_the_other_are_taken(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressing, "MOST", 1000)
    chunks = [RNG.randbytes(300) for _ in range(20)]
    whole = b"".join(chunks)
    assert compression(chunks, chunks) == compression([whole[-1000:]], [whole[:1000]])


def test_no_held_out_text_is_told() -> None:
    with pytest.raises(DataError, match="no held-out text to compress"):
        compression([b"text"], [b""])
