import bz2
import codecs
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloom.data.text.document import Document, Span, document, whole
from genloom.errors import DataError

TEXT = "Où est le café? 漢字 🐿️ walnut\r\n" * 200
BYTES = TEXT.encode()
PACKERS: dict[str, Callable[[bytes], bytes]] = {"txt": bytes, "gz": gzip.compress, "xz": lzma.compress,
                                                "bz2": bz2.compress}


def written(folder: Path, content: bytes, name: str = "a.txt") -> Document:
    path = folder / name
    path.write_bytes(content)
    return document(name, path)


@pytest.mark.parametrize("kind", PACKERS)
def test_any_bytes_are_read_from_plain_and_packed_files_alike(tmp_path: Path, kind: str) -> None:
    one = written(tmp_path, PACKERS[kind](BYTES), f"a.{kind}")
    assert (one.bytes, one.digest) == (len(BYTES), document("b", BYTES).digest)
    with one.open() as reader:
        for start, stop in ((0, 10), (500, 700), (300, 400), (0, len(BYTES)), (7, 7)):
            assert reader.read(start, stop) == BYTES[start:stop] == one.read(start, stop)


@pytest.mark.parametrize("size", [4, 5, 6, 7, 64, 10**6])
def test_chunks_make_up_the_text_and_never_cut_a_character(tmp_path: Path, size: int) -> None:
    chunks = list(written(tmp_path, BYTES).chunks(0, len(BYTES), size))
    assert "".join(chunk.decode() for chunk in chunks) == TEXT
    assert max(map(len, chunks)) <= size


@given(st.text(min_size=1), st.integers(0, 400))
def test_what_is_whole_is_the_longest_beginning_that_can_be_decoded(text: str, cut: int) -> None:
    content = text.encode("utf-8", "ignore")[:cut]
    length = whole(content)
    content[:length].decode()
    assert 0 <= len(content) - length < 4
    assert len(content[:length].decode()) == len(content.decode(errors="ignore"))


def test_ends_of_lines_stay_and_a_byte_order_mark_goes(tmp_path: Path) -> None:
    one = written(tmp_path, codecs.BOM_UTF8 + BYTES)
    assert (one.bytes, one.skipped, one.digest) == (len(BYTES), 3, document("", BYTES).digest)
    assert one.read(0, one.bytes) == BYTES


@pytest.mark.parametrize(("content", "offset", "coding"), [
    (b"caf\xe9 au lait", 3, "LATIN1"), (b"a" * (1 << 20) + b"\xff", 1 << 20, "LATIN1"),
    ("é".encode() * (1 << 19) + b"x\xc3", (1 << 20) + 1, "LATIN1"),
    (b"x" * ((1 << 20) - 1) + b"\xc3(", (1 << 20) - 1, "LATIN1"),
    (codecs.BOM_UTF8 + b"\xe9", 3, "LATIN1"), ("wide".encode("utf-16"), 0, "UTF-16")])
def test_what_is_not_utf8_is_named_with_its_place(tmp_path: Path, content: bytes, offset: int, coding: str) -> None:
    with pytest.raises(DataError, match=rf"^a\.txt: not UTF-8 at byte {offset:,}; .*iconv -f {coding} "):
        written(tmp_path, content)


@pytest.mark.parametrize(("name", "content"), [
    ("a.gz", gzip.compress(BYTES)[:-9]), ("a.gz", b"no gzip"), ("a.xz", lzma.compress(BYTES)[:-20]), ("a.xz", b"no xz"),
    ("a.bz2", bz2.compress(BYTES)[:-9]), ("a.bz2", b"no bz2"), ("a.gz", gzip.compress(BYTES)[:40] + b"\0" * 40)])
def test_broken_packing_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(DataError, match=r"cannot be read: .*; check the file"):
        written(tmp_path, content, name)


def test_a_binary_file_is_not_to_be_converted(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\r")
    with pytest.raises(DataError, match=r"^a\.png: no text: it has zero bytes, and byte 0 is not UTF-8; give a text"):
        document("a.png", path)


def test_a_file_that_goes_or_shrinks_meanwhile_is_told(tmp_path: Path) -> None:
    one = written(tmp_path, BYTES)
    (tmp_path / "a.txt").write_bytes(BYTES[:100])
    with pytest.raises(DataError, match="has become shorter"):
        list(one.chunks(0, one.bytes))
    (tmp_path / "a.txt").unlink()
    with pytest.raises(DataError, match="cannot be read: No such file"):
        one.read(0, 1)


def test_a_span_knows_its_length() -> None:
    assert Span(0, 3, 10).bytes == 7
