"""The parts of a language model's recipe made real."""

from collections.abc import Sequence
from pathlib import Path

from genloom.autoregressive.bpe import gpt2, train_bpe
from genloom.autoregressive.characters import characters
from genloom.autoregressive.choice import Choice
from genloom.autoregressive.tokenizer import Tokenizer
from genloom.data.store import locate
from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Span
from genloom.data.text.texts import texts
from genloom.recipes import gpt


def make_tokenizer(chosen: gpt.Tokenizer, corpus: Corpus, train: Sequence[Span], data_root: Path | None) -> Tokenizer:
    """The tokenizer of a recipe; what it learns, it learns of the training text alone.

    Errors: `DataError` for GPT-2's files that are not at hand; those of the text.
    """
    if chosen.kind == "characters":
        return characters(texts(corpus, train))
    if chosen.kind == "bpe":
        return train_bpe(texts(corpus, train), chosen.vocabulary)
    folder = Path(chosen.folder) if chosen.folder else next(iter(locate("gpt2-bpe", data_root).values())).parent
    return gpt2(folder)


def make_choice(chosen: gpt.Generation) -> Choice:
    """How the next token is chosen."""
    return Choice(temperature=chosen.temperature, top_k=chosen.top_k, top_p=chosen.top_p, min_p=chosen.min_p,
                  repetition=chosen.repetition)
