"""A tokenizer turns text into ids and back; what it is stands in a few lines of JSON, so that a run can keep it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from genloom.errors import DataError


class Tokenizer(Protocol):
    """Text to ids 0 … V − 1 and back without loss: decode(encode(text)) == text for every text.

    The text is never read as an instruction: a separator that is spelled out in it is text like any other.
    """

    @property
    def kind(self) -> str:
        """"bpe", "gpt2" or "characters"."""
        ...

    @property
    def vocabulary(self) -> int:
        """V, the number of ids, with the separator."""
        ...

    @property
    def separator(self) -> int | None:
        """The id that stands for the end of a document, which no text has; its piece is empty."""
        ...

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""
        ...

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each of these texts."""
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are no UTF-8, as where a character was cut, become U+FFFD."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes that an id stands for."""
        ...

    def to_json(self) -> dict[str, Any]:
        """What `tokenizer_from_json` makes the same tokenizer from."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of `to_json`: equal for tokenizers that do the same."""
        ...


def tokenizer_from_json(values: Mapping[str, Any]) -> Tokenizer:
    """The tokenizer of `Tokenizer.to_json`.

    Errors: `DataError` for anything else.
    """
    kind = values.get("kind") if isinstance(values, Mapping) else None
    try:
        if kind == "characters":
            from genloom.autoregressive.characters import Characters

            return Characters(values["characters"])
        if kind in ("bpe", "gpt2"):
            from genloom.autoregressive.bpe import BytePairs

            return BytePairs(values["pieces"], values["merges"], kind=kind)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"a tokenizer of kind {kind!r} cannot be read: {error}; train the model again") from error
    raise DataError(f"a tokenizer of kind {str(kind)[:40]!r} is not known; known are bpe, characters and gpt2")


def piece_sizes(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """Bytes that each id stands for, (V,): 0 for the separator."""
    return np.array([len(tokenizer.piece(token)) for token in range(tokenizer.vocabulary)], np.int64)


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 of values that JSON can hold."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
