"""What a language model has to beat: counts of bytes and of tokens, and everyday compressors, on the same split."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloom.autoregressive.compression import Compressed, compression
from genloom.autoregressive.ngram import Symbols, best_order
from genloom.autoregressive.token_file import TokenFile
from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Span
from genloom.data.text.texts import byte_blocks

if TYPE_CHECKING:
    from genloom.recipes.build_gpt import GptExperiment

MOST = 1 << 24
"""Symbols of each part that n-grams are counted in at most, the first ones: each costs some 100 bytes of memory."""
_TOKEN_ORDERS = range(1, 10)


class Counts(NamedTuple):
    """A Kneser–Ney model of the order that the validation text likes best, on the test text.

    As of the network, the first symbol of a stretch is not asked for.

    order   n
    bits    per byte
    loss    nats per symbol
    """

    order: int
    bits: float
    loss: float


class Baselines(NamedTuple):
    """Bits per byte of the test text by what needs no network; None for n-grams that the recipe leaves out."""

    bytes: Counts | None
    tokens: Counts | None
    compressed: tuple[Compressed, ...]

    @property
    def ngrams(self) -> bool:
        """Whether there are n-grams."""
        return self.bytes is not None

    @property
    def best(self) -> tuple[float, str]:
        """The lowest of them, and which it is."""
        known = [(each.after, f"{each.name} after the training text") for each in self.compressed]
        known += [(each.bits, f"Kneser–Ney, {each.order}-grams of {what}")
                  for what, each in (("bytes", self.bytes), ("the same tokens", self.tokens)) if each is not None]
        return min(known)


def baselines(experiment: "GptExperiment") -> Baselines:
    """All of them, by the recipe; memory stays bounded however large the text is.

    Errors: `DataError` where there is no test text.
    """
    corpus, parts = experiment.corpus, experiment.parts
    found = compression(_chunks(corpus, parts.train), _chunks(corpus, parts.test))
    order = experiment.recipe.evaluation.order
    if not order or not parts.valid:
        return Baselines(None, None, found)
    train, valid, test = (list(bytes_of(corpus, up_to(part, MOST))) for part in parts)
    in_bytes = _Symbols(train, valid, test, 256)
    in_tokens = _Symbols(_stretches(experiment.train), _stretches(experiment.valid), _stretches(experiment.test),
                         experiment.tokenizer.vocabulary)
    asked = sum(max(0, stop - start - 1) for start, stop in experiment.test.spans)
    each = (experiment.test.bytes - experiment.test.first_bytes) / max(1, asked)
    return Baselines(_counts(in_bytes, range(1, order + 1), 1.0), _counts(in_tokens, _TOKEN_ORDERS, each), found)


def bytes_of(corpus: Corpus, spans: Sequence[Span]) -> Iterator[NDArray[np.uint8]]:
    """The bytes of each span."""
    return (np.concatenate([np.empty(0, np.uint8), *byte_blocks(corpus, [span])]) for span in spans)


def up_to(spans: Sequence[Span], most: int) -> list[Span]:
    """The first spans, of which the last one is cut, with so many bytes together.

    >>> up_to([Span(0, 0, 5), Span(0, 9, 20), Span(1, 0, 3)], 7)
    [Span(document=0, start=0, stop=5), Span(document=0, start=9, stop=11)]
    """
    found = []
    for span in spans:
        if most > 0:
            found.append(span._replace(stop=min(span.stop, span.start + most)))
            most -= span.bytes
    return found


class _Symbols(NamedTuple):
    """Stretches of the three parts, and the number of symbols that there are."""

    train: Sequence[Symbols]
    valid: Sequence[Symbols]
    test: Sequence[Symbols]
    vocabulary: int


def _chunks(corpus: Corpus, spans: Sequence[Span]) -> Iterator[bytes]:
    return (each.tobytes() for each in byte_blocks(corpus, spans))


def _stretches(tokens: TokenFile) -> list[Symbols]:
    found, room = list[Symbols](), MOST
    for each in tokens.stretches:
        if room > 0:
            found.append(np.asarray(each[:room]).astype(np.int64))
            room -= len(each)
    return found


def _counts(symbols: _Symbols, orders: Iterable[int], each: float) -> Counts:
    """The model of the best order on the test part, whose symbols stand for so many bytes each."""
    model = best_order(symbols.train, symbols.valid, symbols.vocabulary, orders).model
    nats = -sum(float(model.log_prob(part)[1:].sum()) for part in symbols.test)
    count = max(1, sum(max(0, len(part) - 1) for part in symbols.test))
    return Counts(model.order, nats / math.log(2) / (count * each), nats / count)
