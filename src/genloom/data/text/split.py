"""A corpus in three parts: what a model learns, what says when to stop, and what judges it."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Reader, Span
from genloom.errors import DataError, InputError

LEAST = 200
"""Bytes that a stretch of held-out text should have: two or three sentences."""
_REACH = 4096  # bytes after a wanted cut in which the end of a line is looked for


class Parts(NamedTuple):
    """Spans for training, for validation and for the test; they overlap nowhere and are the corpus together."""

    train: tuple[Span, ...]
    valid: tuple[Span, ...]
    test: tuple[Span, ...]


def split(corpus: Corpus, valid: float = 0.05, test: float = 0.1, blocks: int = 10) -> Parts:
    """Cut a corpus at ends of lines into contiguous stretches: a function of the text and of these numbers alone.

    The text is thought of as `blocks` equal lengths one after the other; each has the validation's stretch after the
    first third of its training text, and the test's after the second. A cut moves to the end of its line, or where none
    is near to the next blank or character.

    valid    share of the bytes for validation, and `test` for the test; 0 gives no stretch
    blocks   stretches of each

    Errors: `InputError` for shares that are negative or leave no half for training, and for blocks < 1; `DataError` for
    too little text, with the numbers that would do.
    """
    _check(corpus, valid, test, blocks)
    period = corpus.bytes / blocks
    train = (1 - valid - test) / 3
    steps = (train, valid, train, test, train)
    wanted = [(block + share) * period for block in range(blocks) for share in accumulate(steps[:-1])]
    cuts = [0, *_moved(corpus, [round(place) for place in wanted]), corpus.bytes]
    kinds = [0, *(kind for _ in range(blocks) for kind in (1, 0, 2, 0))]
    parts: tuple[list[Span], list[Span], list[Span]] = ([], [], [])
    for kind, (start, stop) in zip(kinds, pairwise(cuts), strict=True):
        parts[kind].extend(_spans(corpus, start, stop))
    found = Parts(*(tuple(_joined(part)) for part in parts))
    if not found.train or (valid and not found.valid) or (test and not found.test):
        raise DataError(f"{corpus.description}: its lines are too long for {blocks} stretches; pass --data.blocks 1")
    return found


def _check(corpus: Corpus, valid: float, test: float, blocks: int) -> None:
    for name, share in (("data.valid", valid), ("data.test", test)):
        if not 0 <= share <= 0.5:
            raise InputError(name, share, "a share of 0 to 0.5")
    if valid + test > 0.5:
        raise InputError("data.valid", valid, f"with data.test = {test} at most 0.5 together")
    if blocks < 1:
        raise InputError("data.blocks", blocks, "at least 1")
    if not valid and not test:
        return
    share = min(each for each in (valid, test) if each)
    size = int(corpus.bytes * share / blocks)
    if size < LEAST:
        most = int(corpus.bytes * share / LEAST)
        mend = f"pass --data.blocks {most}" if most else "give more text, or hold a larger share of it out"
        raise DataError(f"{corpus.description}: {blocks} held-out stretches would have {size:,} bytes each, fewer than "
                        f"{LEAST}; {mend}")


def _moved(corpus: Corpus, wanted: list[int]) -> Iterator[int]:
    """Each of these places, which ascend, moved to where a line ends; none is before the one that it follows."""
    starts = _starts(corpus)
    reader: Reader | None = None
    index, last = -1, 0
    try:
        for place in wanted:
            place = max(place, last)
            now = min(bisect_right(starts, place), len(corpus.documents)) - 1
            if now != index:
                if reader is not None:
                    reader.close()
                reader, index = corpus.documents[now].open(), now
            assert reader is not None
            last = starts[now] + _end_of_line(reader, place - starts[now], corpus.documents[now].bytes)
            yield last
    finally:
        if reader is not None:
            reader.close()


def _end_of_line(reader: Reader, place: int, size: int) -> int:
    """The first place from `place` on that follows the end of a line, or is before a blank, or between characters."""
    if place in (0, size):
        return place
    near = reader.read(place - 1, min(place + _REACH, size))
    if (found := near.find(b"\n")) >= 0:
        return place + found
    if (found := near.find(b" ", 1)) >= 0:
        return place - 1 + found
    return place + next((k for k, byte in enumerate(near[1:]) if byte & 0xC0 != 0x80), len(near) - 1)


def _spans(corpus: Corpus, start: int, stop: int) -> Iterator[Span]:
    """The bytes start … stop − 1 of the corpus, document by document."""
    for index, (first, document) in enumerate(zip(_starts(corpus), corpus.documents, strict=True)):
        low, high = max(start, first), min(stop, first + document.bytes)
        if low < high:
            yield Span(index, low - first, high - first)


def _joined(spans: list[Span]) -> Iterator[Span]:
    """The same bytes, with spans that follow one another at once as one."""
    now = None
    for span in spans:
        if now and (now.document, now.stop) == (span.document, span.start):
            now = now._replace(stop=span.stop)
            continue
        if now:
            yield now
        now = span
    if now:
        yield now


def _starts(corpus: Corpus) -> list[int]:
    return [0, *accumulate(document.bytes for document in corpus.documents)][:-1]
