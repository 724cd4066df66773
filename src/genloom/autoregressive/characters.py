"""Each character a token; one that was never seen is spelled in bytes: every text can be read, and nothing is lost.

Ids 0 … 255 are the bytes, of which the ASCII characters are the first 128; then come the other characters of the
training text in the order of Unicode; the last id is the separator.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from genloom.autoregressive.pieces import Pieces
from genloom.autoregressive.tokenizer import digest_of
from genloom.errors import InputError

_BYTES, _ASCII = 256, 128


class Characters:
    """One id for each byte, one for each of `characters`, and the separator.

    characters   any text; what is not ASCII gets an id of its own

    >>> tokenizer = Characters("naïve")
    >>> tokenizer.vocabulary, tokenizer.encode("aïé")
    (258, [97, 256, 195, 169])
    """

    kind = "characters"

    def __init__(self, characters: str) -> None:
        self._characters = sorted(set("".join(characters)) - set(map(chr, range(_ASCII))))
        self._pieces = Pieces([*(bytes((byte,)) for byte in range(_BYTES)), *map(str.encode, self._characters), b""])
        self._ids = {each: [_BYTES + k] for k, each in enumerate(self._characters)}
        self._ids |= {chr(byte): [byte] for byte in range(_ASCII)}

    @property
    def vocabulary(self) -> int:
        """V: 256 bytes, the characters, and the separator."""
        return len(self._pieces)

    @property
    def separator(self) -> int:
        """The last id."""
        return len(self._pieces) - 1

    def encode(self, text: str) -> list[int]:
        """The ids of a text.

        Errors: `InputError` for half of a surrogate pair, which is no character and has no bytes.
        """
        known, ids = self._ids, list[int]()
        for each in text:
            found = known.get(each)
            ids += found if found is not None else _spelled(each)
        return ids

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each of these texts."""
        return [self.encode(text) for text in texts]

    def unseen(self, text: str) -> dict[str, int]:
        """The characters of a text that have no id of their own, and how often each stands there."""
        return {each: text.count(each) for each in sorted(set(text) - self._ids.keys())}

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are no UTF-8 become U+FFFD."""
        return self._pieces.decode(ids)

    def piece(self, token: int) -> bytes:
        """The bytes that an id stands for.

        Errors: `InputError` for an id outside the vocabulary.
        """
        return self._pieces.of(token)

    def to_json(self) -> dict[str, Any]:
        """What `tokenizer_from_json` makes the same tokenizer from."""
        return {"kind": self.kind, "characters": "".join(self._characters)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `to_json`."""
        return digest_of(self.to_json())

    def __repr__(self) -> str:
        return f"Characters(vocabulary={self.vocabulary})"


def characters(texts: Iterable[str]) -> Characters:
    """The tokenizer of the characters of these texts, which are read one after the other."""
    seen = set[str]()
    for text in texts:
        seen.update(text)
    return Characters("".join(sorted(seen)))


def _spelled(character: str) -> bytes:
    try:
        return character.encode()
    except UnicodeEncodeError as error:
        raise InputError("text", character, "whole characters; this is half of a surrogate pair") from error
