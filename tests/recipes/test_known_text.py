import json
from pathlib import Path

import pytest

from genloom.autoregressive.bpe import train_bpe
from genloom.autoregressive.characters import Characters
from genloom.errors import CheckpointError
from genloom.recipes.known_text import FILE, KnownText, from_json, read


@pytest.mark.parametrize("tokenizer", [Characters("naïve"), train_bpe(["a naïve cat and a cat " * 9], 270)])
def test_it_is_read_as_it_was_written(tokenizer: Characters, tmp_path: Path) -> None:
    known = KnownText(tokenizer, "a text, 100 bytes", "ab" * 32)
    assert read(tmp_path) is None
    assert known.write(tmp_path) == tmp_path / FILE
    found = read(tmp_path)
    assert found is not None
    assert (found.description, found.digest) == (known.description, known.digest)
    assert found.tokenizer.digest == tokenizer.digest
    assert found.tokenizer.encode("a naïve cat") == tokenizer.encode("a naïve cat")


@pytest.mark.parametrize("change", [lambda body: body.pop("text"), lambda body: body.update(format=2),
                                    lambda body: body["tokenizer"].update(kind="runes"),
                                    lambda body: body.update(tokenizer=[])])
def test_what_is_not_such_a_file_is_refused(change: object, tmp_path: Path) -> None:
    body = KnownText(Characters("é"), "a text", "ab").to_json()
    change(body)  # type: ignore[operator]
    with pytest.raises(CheckpointError):
        from_json(body)
    (tmp_path / FILE).write_text(json.dumps(body))
    with pytest.raises(CheckpointError, match=r"tokenizer.json cannot be read: .*; remove it, and it is made again"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b"null"])
def test_damage_is_one_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match="cannot be read"):
        read(tmp_path)
