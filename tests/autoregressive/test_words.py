"""Pieces become words where blanks part them, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloom.autoregressive.words import Word, counted, words


def shown(*pieces: str) -> list[str]:
    return [word.shown for word in words([piece.encode() for piece in pieces])]


@pytest.mark.parametrize(("pieces", "expected"), [
    (["I", " am", " a", " little", " squ", "irrel"], ["I", "am", "a", "little", "squirrel"]),
    (["I", " ", "a", "m", " ", " ", "a"], ["I", "am", "a"]),  # characters, two blanks
    (["a ", "b ", "c"], ["a", "b", "c"]),  # blanks at the end of a piece
    (["so", "\n", "\n", " it", "\n  ", "is"], ["so", "⏎", "it", "⏎", "is"]),
    (["wal", "nut", ".", " \"", "Oh"], ["walnut.", '"Oh']),
    (["one", " "], ["one", "␣"]),
    ([], []),
])
def test_pieces_are_put_together_at_blanks(pieces: list[str], expected: list[str]) -> None:
    assert shown(*pieces) == expected


def test_a_character_in_two_pieces_is_whole_again() -> None:
    walnut = "a größe".encode()
    assert [word.shown for word in words([walnut[:5], walnut[5:]])] == ["a größe"]
    assert words([b"gr\xc3", b"\xb6sse", b" da"])[0] == Word("grösse", 0, 1)


def test_ends_of_documents_stand_alone() -> None:
    found = words([b"<|endoftext|>", b"I", b" am", b"<|endoftext|>", b"so"], apart={0, 3})
    assert [(word.shown, word.first, word.last) for word in found] == [
        ("<|endoftext|>", 0, 0), ("I", 1, 1), ("am", 2, 2), ("<|endoftext|>", 3, 3), ("so", 4, 4)]
    assert [word.shown for word in words([b"", b"I"], apart={0})] == ["∎", "I"]  # as the tokenizers spell it


def test_dashes_and_line_ends_are_not_counted() -> None:
    assert [word.shown for word in counted(words([b"so", b" --", b" it", b"\n", b" is", b" 3"]))] == [
        "so", "it", "is", "3"]


@given(st.lists(st.sampled_from([b"a", b" b", b"c ", b" ", b"\n", b"\n ", b".", b" \xc3", b"\xb6", b"", b"d e"])))
def test_every_token_is_in_one_word(pieces: list[bytes]) -> None:
    found = words(pieces)
    assert [place for word in found for place in range(word.first, word.last + 1)] == list(range(len(pieces)))
    assert all(pieces[word.tokens] for word in found)
    text = b"".join(pieces)
    try:
        assert "".join(word.text for word in found) == text.decode()
    except UnicodeDecodeError:
        assert len(found) <= len(pieces)
