import contextlib
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Span, document
from genloom.data.text.split import LEAST, Parts, split
from genloom.errors import DataError, InputError

LINES = ("A line of a text that has no end.\n" * 3 + "Another é, longer than the others are, and so on and on.\n") * 300


def corpus(*texts: str) -> Corpus:
    return Corpus(tuple(document(str(k), text.encode()) for k, text in enumerate(texts)), "a text")


def content(of: Corpus, span: Span) -> bytes:
    return of.documents[span.document].read(span.start, span.stop)


def check_partition(of: Corpus, parts: Parts) -> None:
    spans = sorted(chain(*parts))
    assert b"".join(content(of, span) for span in spans) == b"".join(each.read(0, each.bytes) for each in of.documents)
    assert all(span.bytes > 0 for span in spans)


def share(of: Corpus, part: tuple[Span, ...]) -> float:
    return sum(span.bytes for span in part) / of.bytes


def test_parts_cover_the_text_once_at_ends_of_lines_in_the_shares_asked_for() -> None:
    text = corpus(LINES)
    parts = split(text, 0.05, 0.1, 10)
    check_partition(text, parts)
    assert (len(parts.valid), len(parts.test), len(parts.train)) == (10, 10, 21)
    assert [share(text, part) for part in parts] == pytest.approx([0.85, 0.05, 0.1], abs=0.01)
    assert all(content(text, span).endswith(b"\n") for part in parts for span in part)
    assert split(text, 0.05, 0.1, 10) == parts


def test_stretches_are_spread_evenly() -> None:
    text = corpus(LINES)
    for part in split(text, 0.05, 0.1, 10)[1:]:
        gaps = [b.start - a.start for a, b in pairwise(part)]
        assert max(gaps) - min(gaps) < 200


def test_stretches_may_go_over_ends_of_documents() -> None:
    text = corpus(*(f"Document {k}.\nIts text.\n" * 5 for k in range(200)))
    parts = split(text, 0.1, 0.1, 4)
    check_partition(text, parts)
    assert len({span.document for span in parts.test}) > 4


@pytest.mark.parametrize("text", ["word " * 4000, "漢字" * 4000, "x" * 20_000, "a b\n" + "é" * 10_000])
def test_text_without_lines_is_cut_at_blanks_or_between_characters(text: str) -> None:
    of = corpus(text)
    parts = split(of, 0.1, 0.1, 3)
    check_partition(of, parts)
    for span in chain(*parts):
        content(of, span).decode()
    if text.startswith("word"):
        assert all(content(of, span).startswith(b" ") for span in parts.test)


def test_no_stretch_is_held_out_for_a_share_of_0() -> None:
    text = corpus(LINES)
    assert split(text, 0, 0, 10) == Parts((Span(0, 0, text.bytes),), (), ())
    parts = split(text, 0, 0.1, 10)
    check_partition(text, parts)
    assert (len(parts.valid), len(parts.test), len(parts.train)) == (0, 10, 11)


@pytest.mark.parametrize(("valid", "test", "blocks", "name"), [
    (-0.1, 0.1, 1, "data.valid"), (0.1, 0.6, 1, "data.test"), (0.3, 0.3, 1, "data.valid"), (0.1, 0.1, 0, "data.blocks"),
    (float("nan"), 0.1, 1, "data.valid")])
def test_shares_and_blocks_outside_their_range_are_named(valid: float, test: float, blocks: int, name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} = "):
        split(corpus(LINES), valid, test, blocks)


def test_too_little_text_is_told_with_numbers_that_would_do() -> None:
    text = corpus(LINES[:10_000])
    with pytest.raises(DataError, match=r"10 held-out stretches would have 50 bytes each.*--data\.blocks 2$") as caught:
        split(text, 0.05, 0.1, 10)
    split(text, 0.05, 0.1, int(str(caught.value).rpartition(" ")[2]))
    with pytest.raises(DataError, match="give more text"):
        split(corpus("short\n"), 0.05, 0.1, 10)


def test_lines_longer_than_stretches_are_told() -> None:
    with pytest.raises(DataError, match=r"lines are too long for 4 stretches; pass --data\.blocks 1"):
        split(corpus(("x" * 3999 + "\n") * 2), 0.1, 0.2, 4)


@settings(max_examples=50)
@given(st.lists(st.text(alphabet="ab é漢\n", min_size=1, max_size=400), min_size=1, max_size=20), st.integers(1, 3))
def test_every_text_is_covered_once(texts: list[str], blocks: int) -> None:
    of = corpus(*texts)
    if of.bytes * 0.2 / blocks < LEAST:
        return
    with contextlib.suppress(DataError):  # lines may be too long
        check_partition(of, split(of, 0.2, 0.2, blocks))
