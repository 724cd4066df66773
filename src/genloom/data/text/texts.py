"""Parts of a corpus as text, piece after piece, cut where no tokenizer sees the cut."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Reader, Span

_SIZE = 1 << 16
_LONGEST = 64  # pieces' worth of text without a place to cut that are waited for


def texts(corpus: Corpus, spans: Iterable[Span], size: int = _SIZE) -> Iterator[str]:
    """The text of spans, one after the other, in pieces as `texts_of_spans` gives them."""
    for _, text in texts_of_spans(corpus, spans, size):
        yield text


def texts_of_spans(corpus: Corpus, spans: Iterable[Span], size: int = _SIZE) -> Iterator[tuple[int, str]]:
    """Pieces of about `size` bytes, each with the index of its span among `spans`; no piece is empty.

    A piece ends between a character that is no blank and a space or the end of a line. Words of GPT-2's pattern never
    go on there, so the tokens of the pieces together are those of the span as a whole. Text without such a place is cut
    between two characters where 64 pieces' worth of it have come, so that memory stays small.
    """
    for index, chunks in _chunks(corpus, spans, size):
        waiting = ""
        for chunk in chunks:
            waiting += chunk.decode()
            if len(waiting) < size:
                continue
            if cut := _cut(waiting) or (len(waiting) if len(waiting) >= _LONGEST * size else 0):
                yield index, waiting[:cut]
                waiting = waiting[cut:]
        if waiting:
            yield index, waiting


def byte_blocks(corpus: Corpus, spans: Sequence[Span], size: int = 1 << 20) -> Iterator[NDArray[np.uint8]]:
    """The bytes of spans, each span in blocks of up to `size`."""
    for _, chunks in _chunks(corpus, spans, size):
        for chunk in chunks:
            yield np.frombuffer(chunk, np.uint8)


def _chunks(corpus: Corpus, spans: Iterable[Span], size: int) -> Iterator[tuple[int, Iterator[bytes]]]:
    """The chunks of each span; a document stays open while spans of it follow one another."""
    reader: Reader | None = None
    place = -1
    try:
        for index, span in enumerate(spans):
            if reader is None or span.document != place:
                if reader is not None:
                    reader.close()
                reader, place = corpus.documents[span.document].open(), span.document
            yield index, reader.chunks(span.start, span.stop, size)
    finally:
        if reader is not None:
            reader.close()


def _cut(text: str) -> int:
    """The last place where a space or the end of a line follows what is no blank; 0 where there is none."""
    place = len(text)
    while (place := max(text.rfind(" ", 0, place), text.rfind("\n", 0, place))) > 0:
        if not text[place - 1].isspace():
            return place
    return 0
