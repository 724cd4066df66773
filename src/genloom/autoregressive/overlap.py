"""How much of one text stands word for word in another: held-out text, or what a model says, in the training text."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Span, whole
from genloom.errors import InputError

Symbols = NDArray[Any]
"""Bytes or token ids of one stretch of text."""

_BLOCK = 1 << 20
_MOST = 1 << 24  # held-out sequences that are looked up; of more of them, as many are taken at even distances
_ODD = 0x9E3779B97F4A7C15


class Overlap(NamedTuple):
    """How many sequences of n symbols were looked up, and how many of them were found.

    n       length of the sequences
    found   of `of`
    """

    n: int
    found: int
    of: int

    @property
    def share(self) -> float:
        """found / of; 0 where there is nothing to look up."""
        return self.found / self.of if self.of else 0.0


def overlap(held: Iterable[Symbols], train: Iterable[Symbols], n: int) -> Overlap:
    """The sequences of n symbols in the stretches `held` that stand somewhere in the stretches `train`.

    Every place of a held-out stretch where n symbols begin counts once; sequences do not reach over ends of stretches.
    They are compared by 64-bit hashes: the chance that any of 10⁶ sequences is wrongly found in 10⁹ is 6·10⁻⁵. Memory
    holds the hashes of the held-out part; the training part passes by once.

    Errors: `InputError` for n < 1.
    """
    if n < 1:
        raise InputError("n", n, "at least 1")
    wanted = np.concatenate([np.empty(0, np.uint64), *(hashes for stretch in held for hashes in _hashes(stretch, n))])
    wanted = wanted[:: -(-len(wanted) // _MOST) or 1]
    distinct, counts = np.unique(wanted, return_counts=True)
    seen = np.zeros(len(distinct), bool)
    for stretch in train if len(distinct) else ():
        for hashes in _hashes(stretch, n):
            place = np.minimum(distinct.searchsorted(hashes), len(distinct) - 1)
            seen[place[distinct[place] == hashes]] = True
    return Overlap(n, int(counts[seen].sum()), len(wanted))


def byte_stretches(corpus: Corpus, spans: Iterable[Span], n: int) -> Iterator[NDArray[np.uint8]]:
    """The bytes of spans for sequences of n: each place where one begins stands in one stretch, and memory is small."""
    return (np.frombuffer(block, np.uint8) for _, block, _ in _blocks(corpus, spans, n))


class Match(NamedTuple):
    """The longest stretch of a sentence that stands in a text.

    text       it, whole characters only; "" where not one was found
    start      its first byte in the sentence
    document   the name of the document that has it, the first one if there are several
    offset     its first byte there
    """

    text: str
    start: int
    document: str
    offset: int

    @property
    def bytes(self) -> int:
        """Its length in UTF-8."""
        return len(self.text.encode())


def longest_match(sentence: str, corpus: Corpus, spans: Iterable[Span]) -> Match:
    """The longest stretch of a sentence that stands word for word in some spans of a corpus.

    The text passes by in blocks that overlap by the length of the sentence; in each of them only what is longer than
    the best so far is looked for.
    """
    wanted, best = sentence.encode(), Match("", 0, "", 0)
    length = 0
    for span, block, offset in _blocks(corpus, spans, len(wanted)) if wanted else ():
        start, found = _longest(wanted, block, length)
        if found > length:
            length = found
            first, text = _characters(wanted[start : start + found])
            if len(text.encode()) > best.bytes:
                place = offset + block.find(wanted[start : start + found]) + first
                best = Match(text, start + first, corpus.documents[span.document].name, place)
    return best


def _hashes(stretch: Symbols, n: int) -> Iterator[NDArray[np.uint64]]:
    """A hash of every sequence of n symbols, block by block: Σ_j mix(symbol_j + j · an odd number), modulo 2⁶⁴."""
    for start in range(0, len(stretch) - n + 1, _BLOCK):
        symbols = np.asarray(stretch[start : start + _BLOCK + n - 1]).astype(np.uint64)
        size = len(symbols) - n + 1
        total = np.zeros(size, np.uint64)
        for j in range(n):
            total += _mix(symbols[j : j + size] + np.uint64((j + 1) * _ODD & 0xFFFFFFFFFFFFFFFF))
        yield total


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finalizer. [Steele, Lea & Flood 2014, Fig. 14; constants of variant 13 by D. Stafford]"""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _blocks(corpus: Corpus, spans: Iterable[Span], reach: int) -> Iterator[tuple[Span, bytes, int]]:
    """The bytes of each span in overlapping blocks, and where each begins in its document."""
    for span in spans:
        with corpus.documents[span.document].open() as reader:
            for start in range(span.start, span.stop, _BLOCK):
                yield span, reader.read(start, min(start + _BLOCK + reach - 1, span.stop)), start


def _longest(wanted: bytes, block: bytes, length: int) -> tuple[int, int]:
    """Where the longest stretch of `wanted` that `block` has begins, and its length, if that is more than `length`."""
    best = 0
    for start in range(len(wanted)):
        while start + length < len(wanted) and wanted[start : start + length + 1] in block:
            length, best = length + 1, start
    return best, length


def _characters(found: bytes) -> tuple[int, str]:
    """The whole characters in a stretch of UTF-8, and how many bytes stand before them."""
    first = next((k for k, byte in enumerate(found) if byte & 0xC0 != 0x80), len(found))
    rest = found[first:]
    return first, rest[: whole(rest)].decode()
