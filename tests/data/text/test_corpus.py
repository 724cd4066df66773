import hashlib
import os
import platform
from pathlib import Path

import pytest

from genloom.data import store
from genloom.data.text.corpus import read_corpus
from genloom.errors import DataError, InputError


def test_python_s_documentation_has_each_paragraph_once() -> None:
    corpus = read_corpus("python-docs")
    (one,) = corpus.documents
    text = one.read(0, one.bytes).decode()
    paragraphs = [" ".join(each.split()) for each in text.strip("\n").split("\n\n")]
    assert len(set(paragraphs)) == len(paragraphs) > 1000
    assert f"documentation topics of Python {platform.python_version()}" in corpus.description
    assert f"{len(text.encode()):,} bytes" in corpus.description
    assert corpus.bytes == len(text.encode()) > 300_000
    assert read_corpus("python-docs").digest == corpus.digest


def test_a_file_is_taken_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_bytes(b"one\r\ntwo\n")
    corpus = read_corpus(str(path))
    assert corpus.documents[0].read(0, 9) == b"one\r\ntwo\n"
    assert (corpus.description, corpus.bytes) == ("book.txt, 9 bytes", 9)
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n")
    marked = read_corpus(str(path))
    assert marked.description == "book.txt, 9 bytes, without its byte order mark"
    assert marked.digest == corpus.digest


def test_a_folder_is_many_documents_and_names_do_not_change_the_digest(tmp_path: Path) -> None:
    for root in ("one", "two"):
        (tmp_path / root).mkdir()
        for name, content in (("a", b"first"), ("b", b"second")):
            (tmp_path / root / (root + name)).write_bytes(content)
    one, two = (read_corpus(str(tmp_path / root)) for root in ("one", "two"))
    assert (one.description, one.bytes, len(one.documents)) == ("one, 2 files, 11 bytes", 11, 2)
    assert one.digest == two.digest
    (tmp_path / "two" / "twoa").write_bytes(b"First")
    assert read_corpus(str(tmp_path / "two")).digest != one.digest


def test_where_documents_end_changes_the_digest(tmp_path: Path) -> None:
    for root, parts in (("one", (b"ab", b"c")), ("two", (b"a", b"bc"))):
        (tmp_path / root).mkdir()
        for k, content in enumerate(parts):
            (tmp_path / root / str(k)).write_bytes(content)
    assert read_corpus(str(tmp_path / "one")).digest != read_corpus(str(tmp_path / "two")).digest


@pytest.mark.parametrize(("text", "said"), [
    ("-", "put what comes through a pipe into a file"), ("/nowhere/-", "put what comes through a pipe into a file"),
    ("", "data.text"), ("alise", "did you mean 'alice'"),
    ("python-doc", "did you mean 'python-docs'"), ("/nowhere/at/all.txt", "check the path")])
def test_what_is_no_text_gets_a_remedy(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_corpus(text)


def test_a_pipe_is_refused_before_it_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="can be read only once"):
        read_corpus(str(tmp_path / "pipe"))


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf")
    with pytest.raises(DataError, match="is empty; give a file with text"):
        read_corpus(str(tmp_path / "a.txt"))


def test_alice_without_her_file_names_the_ways_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "cache", lambda: tmp_path)
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    with pytest.raises(DataError, match=r"genloom data alice --fetch.*or pass --data\.text python-docs"):
        read_corpus("alice", tmp_path)


@pytest.mark.real_data
def test_alice() -> None:
    corpus = read_corpus("alice")
    (one,) = corpus.documents
    assert hashlib.sha256(one.read(0, one.bytes)).hexdigest() == one.digest
    assert corpus.description == "Alice's Adventures in Wonderland, 148,574 bytes"
    assert one.read(0, 32) == b"Alice's Adventures in Wonderland"
