"""Token ids of a text in one file that is mapped into memory: made once, piece by piece, and checked when opened."""

import hashlib
import json
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloom.autoregressive.tokenizer import Tokenizer, piece_sizes
from genloom.data import store
from genloom.data.once import once, read_manifest, sha256_of, write_manifest
from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Span
from genloom.data.text.texts import texts_of_spans
from genloom.errors import DataError

Ids = NDArray[np.uint16] | NDArray[np.uint32]
"""Token ids as they are stored."""

_TOKENS, _FORMAT = "tokens", 1
_SMALL = 1 << 16  # ids below it fit in two bytes
_AT_ONCE = 16  # pieces of text that a tokenizer is given together, so that it may use several cores
_MOST_MEMORY = 1 << 28  # bytes of text; where nothing can be written, tokens of no more than this are kept in memory


@dataclass(frozen=True)
class TokenFile:
    """Stretches of tokens one after the other.

    ids          all of them, (N,), uint16 or uint32, perhaps larger than memory: only what is looked at is read
    spans        start and stop of each stretch; what follows one another in the text stands in one stretch
    bytes        UTF-8 bytes that all of them stand for
    vocabulary   V, the number of ids of their tokenizer
    first_bytes  bytes that the first token of all stretches stand for, which no model is asked to predict
    """

    ids: Ids
    spans: tuple[tuple[int, int], ...]
    bytes: int
    vocabulary: int
    first_bytes: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def stretches(self) -> Iterator[Ids]:
        """The ids of each stretch."""
        return (self.ids[start:stop] for start, stop in self.spans)


def tokenised(corpus: Corpus, spans: Sequence[Span], tokenizer: Tokenizer) -> TokenFile:
    """The tokens of some spans of a corpus, from the cache folder or made and put there.

    Memory stays small however large the text is. Spans that follow one another, as the end of a document and the
    beginning of the next, are one stretch; the separator stands after each document but the corpus's last.

    Errors: `DataError` where the cache cannot be written and memory would not do.
    """
    key = hashlib.sha256(json.dumps([_FORMAT, corpus.digest, spans, tokenizer.digest]).encode()).hexdigest()[:32]
    dtype = np.uint16 if tokenizer.vocabulary <= _SMALL else np.uint32
    folder = store.cache() / "tokens" / key
    try:
        found = once(folder, lambda made: _write(made, corpus, spans, tokenizer, dtype), _open)
        if found is not None:
            return found
    except OSError as error:
        size = sum(span.bytes for span in spans)
        if size > _MOST_MEMORY:
            raise DataError(f"{folder.parent}: the tokens of {size / 1e9:.1f} GB of text cannot be written there: "
                            f"{error.strerror or error}; make room, or set XDG_CACHE_HOME to another folder") from error
    return _in_memory(corpus, spans, tokenizer, dtype)


def from_sequences(sequences: Iterable[Sequence[int]], tokenizer: Tokenizer) -> TokenFile:
    """The same of a few sequences of ids, each a stretch, in memory."""
    held = [list(sequence) for sequence in sequences]
    sizes, places = piece_sizes(tokenizer), [0, *accumulate(map(len, held))]
    ids = np.array([token for sequence in held for token in sequence], np.uint32)
    return TokenFile(ids, tuple(pairwise(places)), int(sizes[ids].sum()), tokenizer.vocabulary,
                     sum(int(sizes[sequence[0]]) for sequence in held if sequence))


def _write(folder: Path, corpus: Corpus, spans: Sequence[Span], tokenizer: Tokenizer, dtype: type) -> None:
    digest, counts = hashlib.sha256(), _Counts(tokenizer)
    with (folder / _TOKENS).open("wb") as stream:
        for first, ids in _runs(corpus, spans, tokenizer):
            block: Ids = np.array(ids, dtype)
            stream.write(block.data)
            digest.update(block.data)
            counts.add(block, first)
        stream.flush()
        os.fsync(stream.fileno())
    write_manifest(folder, {"sha256": digest.hexdigest(), "dtype": np.dtype(dtype).name, **counts.told()})


def _open(folder: Path) -> TokenFile | None:
    """What is stored in a folder, or None unless all of it is as it was written."""
    try:
        values = read_manifest(folder)
        if values is None or sha256_of(folder / _TOKENS) != values["sha256"]:
            return None
        dtype, length = np.dtype(values["dtype"]), values["places"][-1]  # an empty file cannot be mapped
        ids = np.memmap(folder / _TOKENS, dtype, mode="r", shape=(length,)) if length else np.empty(0, dtype)
        return _token_file(ids, values)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _in_memory(corpus: Corpus, spans: Sequence[Span], tokenizer: Tokenizer, dtype: type) -> TokenFile:
    counts, blocks = _Counts(tokenizer), list[Ids]([np.empty(0, dtype)])
    for first, ids in _runs(corpus, spans, tokenizer):
        blocks.append(np.array(ids, dtype))
        counts.add(blocks[-1], first)
    joined: Ids = np.concatenate(blocks).astype(dtype, copy=False)
    return _token_file(joined, counts.told())


def _token_file(ids: Ids, told: dict[str, Any]) -> TokenFile:
    return TokenFile(ids, tuple(pairwise(told["places"])), told["bytes"], told["vocabulary"], told["first_bytes"])


class _Counts:
    """What is known of the tokens that went by."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._sizes, self._vocabulary = piece_sizes(tokenizer), tokenizer.vocabulary
        self._starts, self._length, self._bytes, self._first_bytes = array("q"), 0, 0, 0

    def add(self, ids: Ids, first: bool) -> None:
        """Some more; whether a stretch begins with them."""
        if first and len(ids):
            self._starts.append(self._length)
            self._first_bytes += int(self._sizes[ids[0]])
        self._length += len(ids)
        self._bytes += int(self._sizes[ids].sum())

    def told(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {"places": [*self._starts, self._length], "bytes": self._bytes, "first_bytes": self._first_bytes,
                "vocabulary": self._vocabulary}


def _runs(corpus: Corpus, spans: Sequence[Span], tokenizer: Tokenizer) -> Iterator[tuple[bool, list[int]]]:
    """Ids in the order of the text, and whether a stretch begins with them."""
    last, separator = -1, tokenizer.separator
    for index, ids in _encoded(corpus, spans, tokenizer):
        first = index != last and not (index > 0 and _follows(corpus, spans[index - 1], spans[index]))
        if index != last and last >= 0 and separator is not None and _ends(corpus, spans[last]):
            yield False, [separator]
        yield first, ids
        last = index
    if last >= 0 and separator is not None and _ends(corpus, spans[last]):
        yield False, [separator]


def _encoded(corpus: Corpus, spans: Sequence[Span], tokenizer: Tokenizer) -> Iterator[tuple[int, list[int]]]:
    waiting = list[tuple[int, str]]()
    for piece in texts_of_spans(corpus, spans):
        waiting.append(piece)
        if len(waiting) == _AT_ONCE:
            yield from _all(waiting, tokenizer)
            waiting = []
    yield from _all(waiting, tokenizer)


def _all(pieces: list[tuple[int, str]], tokenizer: Tokenizer) -> Iterator[tuple[int, list[int]]]:
    encoded = tokenizer.encode_all([text for _, text in pieces])
    return ((index, ids) for (index, _), ids in zip(pieces, encoded, strict=True))


def _ends(corpus: Corpus, span: Span) -> bool:
    """Whether a span reaches to the end of a document, and another document follows."""
    return span.document + 1 < len(corpus.documents) and span.stop == corpus.documents[span.document].bytes


def _follows(corpus: Corpus, before: Span, span: Span) -> bool:
    if before.document == span.document:
        return before.stop == span.start
    return before.document + 1 == span.document and span.start == 0 and _ends(corpus, before)
