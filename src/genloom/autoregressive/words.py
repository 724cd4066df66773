"""Tokens as words: the pieces of a sentence are put together where blanks part them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

_BLANKS = b" \t\n\r\x0b\x0c"
_BREAKS = b"\n\r"
BREAK = "⏎"
"""How the end of a line is shown."""
END = "∎"
"""How the end of a document is shown."""


_SIGNS = {" ": "␣", "\n": BREAK, "\t": "⇥"}


def visible(piece: bytes) -> str:
    """A token whose blanks can be seen; what has no sign of its own, as half a character, is �.

    >>> visible(b" am\\n"), visible("é".encode()[:1]), visible(b"\\x1b")
    ('␣am⏎', '�', '�')
    """
    found = (_SIGNS.get(sign, sign) for sign in piece.decode("utf-8", "replace"))
    return "".join(sign if sign.isprintable() else "�" for sign in found)


class Word(NamedTuple):
    """A stretch of text and the tokens that make it up.

    text    with the blanks before it; the texts of all words together are the sentence
    first   its first token, and `last` its last one
    """

    text: str
    first: int
    last: int

    @property
    def shown(self) -> str:
        """The text without its blanks; the ends of lines and of documents as signs.

        >>> Word(" squirrel", 4, 5).shown, Word("\\n", 6, 6).shown, Word("", 7, 7).shown
        ('squirrel', '⏎', '∎')
        """
        if not self.text:
            return END
        return self.text.strip() or (BREAK if "\n" in self.text or "\r" in self.text else "␣")

    @property
    def counts(self) -> bool:
        """Whether a person would count it as a word: there is a letter or a digit in it."""
        return any(character.isalnum() for character in self.text)

    @property
    def tokens(self) -> slice:
        """Its tokens."""
        return slice(self.first, self.last + 1)


def words(pieces: Sequence[bytes], apart: Collection[int] = ()) -> tuple[Word, ...]:
    """The words of a sentence from the UTF-8 bytes of its tokens; each token belongs to one of them.

    A word begins with the blanks before it, as in GPT-2's vocabulary. Ends of lines are no part of a word: what stands
    between two words and holds one is a stretch of its own. A token is never cut, so where one holds a blank inside,
    so does the word.

    apart   places of tokens that belong to no word: the ends of documents

    >>> [word.shown for word in words([b"I", b" am", b" a", b" squ", b"irrel", b".", b"\\n", b"So"])]
    ['I', 'am', 'a', 'squirrel.', '⏎', 'So']
    """
    starts = [place for place in range(len(pieces)) if _begins(pieces, place, apart)]
    ends = [*(start - 1 for start in starts[1:]), len(pieces) - 1]
    return tuple(Word(b"".join(pieces[first : last + 1]).decode("utf-8", "replace"), first, last)
                 for first, last in zip(starts, ends, strict=bool(pieces)))


def counted(found: Sequence[Word]) -> tuple[Word, ...]:
    """Those that a person would count.

    >>> len(counted(words([b"So", b" -", b" it", b" is", b"\\n"])))
    3
    """
    return tuple(word for word in found if word.counts)


def _begins(pieces: Sequence[bytes], place: int, apart: Collection[int]) -> bool:
    """Whether a word begins with this token."""
    if place == 0 or place in apart or place - 1 in apart:
        return True
    before, piece = pieces[place - 1], pieces[place]
    if _is_break(before) or _is_break(piece):
        return _is_break(before) != _is_break(piece)
    if before and not before.strip(_BLANKS):  # blanks that are a token: the word has begun with them
        return False
    return piece[:1] in _each(_BLANKS) or before[-1:] in _each(_BLANKS)


def _is_break(piece: bytes) -> bool:
    """Blanks with the end of a line among them."""
    return bool(piece) and not piece.strip(_BLANKS) and any(sign in piece for sign in _BREAKS)


def _each(text: bytes) -> tuple[bytes, ...]:
    return tuple(text[k : k + 1] for k in range(len(text)))
