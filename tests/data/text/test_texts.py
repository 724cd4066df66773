import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloom.data.text import document as documents
from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Span, document
from genloom.data.text.texts import byte_blocks, texts, texts_of_spans


def corpus(*contents: str) -> Corpus:
    return Corpus(tuple(document(str(k), each.encode()) for k, each in enumerate(contents)), "")


TEXT = "It was the White Rabbit,  trotting slowly back\n\n   again, and looking anxiously about 🐇 as it went\r\n" * 40


@pytest.mark.parametrize("size", [4, 17, 100, 10**6])
def test_pieces_make_up_the_text_and_end_before_a_blank(size: int) -> None:
    of = corpus(TEXT)
    pieces = list(texts(of, [Span(0, 0, of.bytes)], size))
    assert "".join(pieces) == TEXT
    for piece, after in pairwise(pieces):
        assert not piece[-1].isspace()
        assert after[0] in " \n"


def test_each_piece_knows_its_span() -> None:
    of = corpus("one two\n", "three four\n")
    assert list(texts_of_spans(of, [Span(1, 5, 11), Span(0, 0, 4), Span(0, 4, 8)])) == [
        (0, " four\n"), (1, "one "), (2, "two\n")]


@pytest.mark.parametrize("text", ["漢字" * 3000, "\n" * 5000, "x" * 5000, " " * 3000 + "x"])
def test_text_without_a_place_to_cut_does_not_fill_the_memory(text: str) -> None:
    of = corpus(text)
    pieces = list(texts(of, [Span(0, 0, of.bytes)], 8))
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 64 * 8 + 8


@given(st.text(alphabet="ab é漢\n\u00a0\u3000\x1c", min_size=1), st.integers(4, 20))
def test_nothing_is_lost_or_empty(text: str, size: int) -> None:
    of = corpus(text)
    pieces = list(texts(of, [Span(0, 0, of.bytes)], size))
    assert "".join(pieces) == text
    assert all(pieces)


def test_blocks_of_bytes() -> None:
    of = corpus(TEXT)
    blocks = list(byte_blocks(of, [Span(0, 0, 50), Span(0, 60, of.bytes)], 64))
    assert len(blocks[0]) == 50
    assert np.concatenate(blocks).tobytes() == TEXT.encode()[:50] + TEXT.encode()[60:]


def test_a_packed_file_is_unpacked_once_for_spans_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(TEXT.encode()))
    one = document("a", tmp_path / "a.gz")
    opened, first = list[object](), documents.opened
    monkeypatch.setattr(documents, "opened", lambda origin: (opened.append(origin), first(origin))[1])
    line = len(TEXT.encode()) // 40
    spans = [Span(0, k * line, k * line + 10) for k in range(40)]
    assert "".join(texts(Corpus((one,), ""), spans)) == "It was the" * 40
    assert len(opened) == 1
