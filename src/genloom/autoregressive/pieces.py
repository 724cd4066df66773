"""The bytes that a tokenizer's ids stand for, and text from ids."""

from collections.abc import Iterable

from genloom.errors import InputError


class Pieces:
    """The bytes of each id 0 … V − 1, which do not change.

    >>> Pieces([b"na", "ï".encode(), b"ve"]).decode([0, 1, 2])
    'naïve'
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = tuple(pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def of(self, token: int) -> bytes:
        """The bytes that an id stands for.

        Errors: `InputError` for an id outside the vocabulary.
        """
        if not 0 <= token < len(self._pieces):
            raise InputError("token", int(token), f"an id of 0 to {len(self._pieces) - 1}")
        return self._pieces[token]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are no UTF-8 become U+FFFD.

        Errors: as of `of`.
        """
        return b"".join(map(self.of, ids)).decode("utf-8", "replace")
