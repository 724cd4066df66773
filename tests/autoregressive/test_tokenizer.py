import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloom.autoregressive.bpe import train_bpe
from genloom.autoregressive.characters import Characters
from genloom.autoregressive.tokenizer import Tokenizer, piece_sizes, tokenizer_from_json
from genloom.errors import DataError, InputError

KINDS: dict[str, Tokenizer] = {
    "bpe": train_bpe(["the cat and the hat, the café and the 漢字 \n\n" * 20], 300),
    "characters": Characters("naïve 漢")}
JSON = KINDS["bpe"].to_json()
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("kind", KINDS)
@given(text=TEXT)
def test_every_text_comes_back(kind: str, text: str) -> None:
    tokenizer = KINDS[kind]
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert b"".join(map(tokenizer.piece, ids)) == text.encode()
    assert all(0 <= token < tokenizer.vocabulary for token in ids)
    assert tokenizer.separator not in ids
    assert tokenizer.encode_all([text, "", text]) == [ids, [], ids]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_same_after_json(kind: str) -> None:
    tokenizer = KINDS[kind]
    again = tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert (again.kind, again.vocabulary, again.separator, again.digest) == (
        kind, tokenizer.vocabulary, tokenizer.separator, tokenizer.digest)
    assert again.encode("the cat and the naïve 漢字") == tokenizer.encode("the cat and the naïve 漢字")


def test_digests_tell_tokenizers_apart() -> None:
    others = [Characters("naïve"), train_bpe(["the cat " * 20], 260), train_bpe(["the dog " * 20], 260)]
    assert len({each.digest for each in (*KINDS.values(), *others)}) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_separator_that_is_spelled_out_is_text(kind: str) -> None:
    tokenizer = KINDS[kind]
    assert tokenizer.separator == tokenizer.vocabulary - 1
    assert tokenizer.separator not in tokenizer.encode("<|endoftext|>")
    assert tokenizer.piece(tokenizer.separator) == b""
    assert tokenizer.decode([*tokenizer.encode("a"), tokenizer.separator, *tokenizer.encode("b")]) == "ab"


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_have_their_sizes_and_half_characters_are_shown_as_such(kind: str) -> None:
    tokenizer = KINDS[kind]
    sizes = piece_sizes(tokenizer)
    ids = tokenizer.encode("the 🐇 café")
    assert sizes.shape == (tokenizer.vocabulary,)
    assert int(sizes[np.array(ids)].sum()) == len("the 🐇 café".encode())
    assert tokenizer.decode(tokenizer.encode("🐇")[:-1]) == "\ufffd"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_id_or_no_character_is_told(kind: str) -> None:
    tokenizer = KINDS[kind]
    for token in (-1, tokenizer.vocabulary):
        with pytest.raises(InputError, match=rf"^token = {token}: must be an id of 0 to {tokenizer.vocabulary - 1}"):
            tokenizer.decode([token])
    with pytest.raises(InputError, match="surrogate pair"):
        tokenizer.encode("a\ud83d")


@pytest.mark.parametrize("values", [
    {}, [], None, {"kind": "words"}, {"kind": "bpe"}, {"kind": "characters"},
    {"kind": "characters", "characters": None},
    {"kind": "bpe", "pieces": [], "merges": []}, {"kind": "bpe", "pieces": 3, "merges": []}, {"kind": ["bpe"]},
    {**JSON, "merges": ["a"]}, {**JSON, "merges": ["zz qq"]}, {**JSON, "merges": [3]}, {**JSON, "merges": 3},
    {**JSON, "pieces": JSON["pieces"] * 2}, {**JSON, "pieces": [*JSON["pieces"], 3]}])
def test_json_of_something_else_is_told(values: Any) -> None:
    with pytest.raises(DataError, match="tokenizer of kind"):
        tokenizer_from_json(values)
