"""Ids are bytes, and bytes that are no text are seen as such."""

import pytest

from genloom.autoregressive.pieces import Pieces
from genloom.errors import InputError

PIECES = Pieces([b"a", "é".encode()[:1], "é".encode()[1:], b"", b"\xff"])


def test_a_character_in_two_pieces_is_whole_again_and_half_of_it_is_marked() -> None:
    assert PIECES.decode([0, 1, 2, 3, 0]) == "aéa"
    assert PIECES.decode([0, 1, 0, 4]) == "a�a�"
    assert PIECES.decode([]) == ""
    assert (len(PIECES), PIECES.of(2), PIECES.of(3)) == (5, b"\xa9", b"")


@pytest.mark.parametrize("token", [-1, 5, 10**9])
def test_an_id_outside_the_vocabulary_is_refused_alone_and_in_a_text(token: int) -> None:
    with pytest.raises(InputError, match=f"token = {token}: must be an id of 0 to 4"):
        PIECES.of(token)
    with pytest.raises(InputError, match=f"token = {token}"):
        PIECES.decode([0, token])
