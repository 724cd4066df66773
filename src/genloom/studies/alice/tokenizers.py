"""The same text by other tokenizers."""

from collections.abc import Iterator
from pathlib import Path

from genloom.autoregressive.bpe import gpt2, train_bpe
from genloom.autoregressive.characters import characters
from genloom.autoregressive.tokenizer import Tokenizer
from genloom.data.store import locate
from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Span
from genloom.data.text.texts import texts
from genloom.errors import GenloomError
from genloom.recipes.build_gpt import GptExperiment
from genloom.report.numbers import number
from genloom.report.results import Table

GPT2 = "GPT-2's byte pairs"
_SIZES = (512, 4096)
_MOST = 1 << 24  # bytes of training text up to which other tokenizers are trained for comparison


def gpt2_counts(corpus: Corpus, data_root: Path | None) -> tuple[int, int] | None:
    """Tokens of a whole text by GPT-2's byte pairs, and how many of them are different; None without its files."""
    tokenizer = _gpt2(data_root)
    if tokenizer is None or corpus.bytes > _MOST:
        return None
    every = [Span(index, 0, each.bytes) for index, each in enumerate(corpus.documents)]
    ids = [token for piece in texts(corpus, every) for token in tokenizer.encode(piece)]
    return len(ids), len(set(ids))


def tokenizers_table(found: GptExperiment, data_root: Path | None) -> Table:
    """Tokens of the test text and bytes of each, by several tokenizers."""
    rows = [(f"{found.tokenizer.kind} of {number(found.tokenizer.vocabulary)}, of this study", found.tokenizer),
            *_others(found, data_root)]
    block, size = found.recipe.network.context, sum(span.bytes for span in found.parts.test)
    table = []
    for name, tokenizer in rows:
        count = sum(len(tokenizer.encode(piece)) for piece in texts(found.corpus, found.parts.test))
        table.append((name, number(tokenizer.vocabulary), number(count), f"{size / count:.3f}",
                      number(round(block * size / count))))
    return Table(header=("tokenizer", "vocabulary", "tokens of the test text", "bytes a token",
                         f"bytes that {block} tokens see"), rows=tuple(table),
                 caption=f"The {size:,} bytes of test text by several tokenizers, each learned from the training text "
                         "alone; GPT-2's was learned from other texts.")


def _others(found: GptExperiment, data_root: Path | None) -> Iterator[tuple[str, Tokenizer]]:
    def train() -> Iterator[str]:
        return texts(found.corpus, found.parts.train)

    if found.corpus.bytes > _MOST:
        return
    if found.tokenizer.kind != "characters":
        yield "characters", characters(train())
    for size in _SIZES:
        if size != found.tokenizer.vocabulary:
            learned = train_bpe(train(), size)  # it may have fewer, where no more pairs stand twice in the text
            yield f"bpe of {number(learned.vocabulary)}", learned
    if (theirs := _gpt2(data_root)) is not None:
        yield GPT2, theirs


def _gpt2(data_root: Path | None) -> Tokenizer | None:
    try:
        return gpt2(next(iter(locate("gpt2-bpe", data_root).values())).parent)
    except GenloomError:
        return None
