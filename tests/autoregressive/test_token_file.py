import multiprocessing
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from genloom.autoregressive import token_file
from genloom.autoregressive.bpe import BytePairs, train_bpe
from genloom.autoregressive.characters import Characters
from genloom.autoregressive.token_file import TokenFile, from_sequences, tokenised
from genloom.data import store
from genloom.data.text.corpus import Corpus, read_corpus
from genloom.data.text.document import Span, document
from genloom.errors import DataError

BYTES = Characters("")
TEXTS = ("First document.\nIts second line.\n", "Second one\n", "The third é 漢\n")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "the-cache"
    monkeypatch.setattr(store, "cache", lambda: folder)
    return folder


def corpus(*texts: str) -> Corpus:
    return Corpus(tuple(document(str(k), text.encode()) for k, text in enumerate(texts)), "")


def whole(of: Corpus) -> list[Span]:
    return [Span(k, 0, each.bytes) for k, each in enumerate(of.documents)]


def check(found: TokenFile) -> None:
    first, second, third = map(BYTES.encode, TEXTS)
    ids = [*first, BYTES.separator, *second, BYTES.separator, *third]
    assert found.ids.tolist() == ids
    assert (len(found), found.bytes, found.spans) == (len(ids), len(ids) - 2, ((0, len(ids)),))


def test_documents_that_follow_one_another_are_one_stretch_with_separators_between() -> None:
    check(tokenised(corpus(*TEXTS), whole(corpus(*TEXTS)), BYTES))


def test_it_is_made_once_and_then_mapped(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = corpus(*TEXTS)
    tokenised(of, whole(of), BYTES)
    monkeypatch.setattr(token_file, "_write", lambda *_: pytest.fail("made again"))
    found = tokenised(of, whole(of), BYTES)
    check(found)
    assert isinstance(found.ids, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found.ids[0] = 1  # type: ignore[call-overload]
    assert len(list((cache / "tokens").glob("*/manifest.json"))) == 1


def test_another_text_part_or_tokenizer_is_made_anew(cache: Path) -> None:
    of = corpus(*TEXTS)
    for one, spans, tokenizer in ((of, whole(of), BYTES), (of, whole(of)[:2], BYTES), (of, whole(of), Characters("é")),
                                  (corpus(*TEXTS[:2], "other"), whole(of)[:2], BYTES)):
        tokenised(one, spans, tokenizer)
    assert len(list((cache / "tokens").glob("*/manifest.json"))) == 4


@pytest.mark.parametrize("name", ["tokens", "manifest.json"])
def test_what_is_altered_or_cut_is_made_anew(cache: Path, name: str) -> None:
    of = corpus(*TEXTS)
    tokenised(of, whole(of), BYTES)
    (path,) = (cache / "tokens").glob(f"*/{name}")
    content = path.read_bytes()
    for at in range(0, len(content), max(1, len(content) // 20)):
        path.write_bytes(content[:at] + bytes((content[at] ^ 1 << at % 8,)) + content[at + 1 :])
        check(tokenised(of, whole(of), BYTES))
        path.write_bytes(content[:at])
        check(tokenised(of, whole(of), BYTES))
        assert path.read_bytes() == content


def test_spans_apart_are_stretches_and_a_document_s_end_belongs_to_its_own() -> None:
    of = corpus(*TEXTS)
    found = tokenised(of, [Span(0, 0, 16), Span(0, 20, of.documents[0].bytes), Span(2, 4, 10)], BYTES)
    parts = [bytes(part[part < 256].astype(np.uint8)) for part in found.stretches]
    assert parts == [b"First document.\n", b"second line.\n", b"third "]
    assert [int(part[-1]) == BYTES.separator for part in found.stretches] == [False, True, False]
    assert (found.bytes, found.first_bytes) == (16 + 13 + 6, 3)


def test_a_single_document_has_no_separator() -> None:
    found = tokenised(corpus(TEXTS[0]), [Span(0, 0, len(TEXTS[0]))], BYTES)
    assert BYTES.separator not in found.ids


def test_no_spans_are_no_tokens() -> None:
    for _ in range(2):
        found = tokenised(corpus(TEXTS[0]), [], BYTES)
        assert (len(found), found.spans, found.bytes) == (0, (), 0)


def test_many_pieces_give_the_tokens_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    of = read_corpus("python-docs")
    span = Span(0, 0, of.bytes)
    text = of.documents[0].read(0, of.bytes).decode()
    tokenizer = train_bpe([text], 500)
    assert tokenised(of, [span], tokenizer).ids.tolist() == tokenizer.encode(text)
    assert of.bytes > 5 * (1 << 16)  # pieces of texts


def test_the_bytes_of_first_tokens_are_counted_apart() -> None:
    found = from_sequences([[256, 97], [97, 98, 257], []], Characters("漢"))
    assert (found.spans, found.bytes, found.first_bytes, found.vocabulary) == (((0, 2), (2, 5), (5, 5)), 6, 4, 258)


class _Large(BytePairs):
    """As BytePairs with more ids than two bytes hold."""

    def __init__(self) -> None:
        base = train_bpe([], 257)
        names = base.to_json()["pieces"][:-1]
        super().__init__([*names, *(f"<{k}>" for k in range(70_000))], [])


def test_ids_of_large_vocabularies_take_four_bytes() -> None:
    of, tokenizer = corpus(TEXTS[0]), _Large()
    assert tokenised(of, whole(of), tokenizer).ids.dtype == np.uint32
    assert tokenised(of, whole(of), BYTES).ids.dtype == np.uint16


def test_where_nothing_can_be_written_memory_serves(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write_text("a file where a folder should be")
    of = corpus(*TEXTS)
    check(tokenised(of, whole(of), BYTES))
    monkeypatch.setattr(token_file, "_MOST_MEMORY", 10)
    with pytest.raises(DataError, match=r"tokens of 0\.0 GB of text cannot be written there: .*XDG_CACHE_HOME"):
        tokenised(of, whole(of), BYTES)


def test_memory_stays_small_however_large_the_text_is(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"The same line, again and again and again.\n" * 200_000)  # 8.4 MB
    of = read_corpus(str(path))
    tokenizer = Characters("")
    tracemalloc.start()
    found = tokenised(of, whole(of), tokenizer)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == of.bytes
    # the longest list of ids at once: 16 pieces of 64 kB, a pointer each; the text as a whole would be 134 MB of ids
    assert peak < 30e6


def _build(folder: Path, done: Path) -> None:
    store.cache = lambda: folder
    of = corpus(*TEXTS)
    check(tokenised(of, whole(of), BYTES))
    done.write_text("")


def test_processes_at_once_all_get_the_same(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_build, args=(tmp_path / "shared", tmp_path / f"done{k}")) for k in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(list(tmp_path.glob("done*"))) == 3
    assert not list((tmp_path / "shared" / "tokens").glob(".new-*"))


@pytest.mark.real_data
def test_alice_in_gpt_2_s_tokens() -> None:
    import os

    from genloom.autoregressive.bpe import gpt2

    of = read_corpus("alice")
    found = tokenised(of, whole(of), gpt2(Path(os.environ["GENLOOM_DATA"]) / "gpt2_bpe"))
    assert (len(found), len(np.unique(found.ids)), found.bytes) == (42575, 3948, 148574)


