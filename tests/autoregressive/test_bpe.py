import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from genloom.autoregressive.bpe import BytePairs, gpt2, train_bpe
from genloom.data.text.corpus import Corpus, read_corpus
from genloom.data.text.document import Span, document
from genloom.data.text.texts import texts
from genloom.errors import DataError, InputError

WORDS = ["hug", "pug", "pun", "bun", "hugs", "bugs"]
TEXT = " ".join(word for word, count in zip(WORDS, (10, 5, 12, 4, 5, 3), strict=True) for _ in range(count))


def learned(text: str, merges: int) -> list[tuple[bytes, bytes]]:
    """BPE by its definition: join the most frequent pair of neighbours, again and again."""
    parted = (" " + word if k else word for k, word in enumerate(text.split(" ")))
    words = Counter(tuple(bytes((byte,)) for byte in word.encode()) for word in parted)
    found = []
    for _ in range(merges):
        pairs = Counter[tuple[bytes, bytes]]()
        for word, count in words.items():
            for pair in pairwise(word):
                pairs[pair] += count
        best = max(pairs.values())
        pair = next(each for each in pairs if pairs[each] == best)
        assert list(pairs.values()).count(best) == 1, "the example must have no ties"
        found.append(pair)
        words = Counter({_joined(word, pair): count for word, count in words.items()})
    return found


def _joined(word: tuple[bytes, ...], pair: tuple[bytes, bytes]) -> tuple[bytes, ...]:
    out, k = [], 0
    while k < len(word):
        both = word[k : k + 2] == pair
        out.append(b"".join(word[k : k + 1 + both]))
        k += 1 + both
    return tuple(out)


def test_merges_are_those_of_the_definition() -> None:
    tokenizer = train_bpe([TEXT], 257 + 3)
    assert [tokenizer.piece(token) for token in range(256, 259)] == [left + right for left, right in learned(TEXT, 3)]
    assert tokenizer.vocabulary == 260
    assert sorted(tokenizer.piece(token) for token in range(256)) == [bytes((byte,)) for byte in range(256)]


def test_pieces_of_the_text_and_their_size_change_nothing() -> None:
    words = random.Random(0).choices(["one", "two", "  three", "é漢", "\n\nfour", "don't", "12,5"], k=3000)
    corpus = Corpus((document("a", " ".join(words).encode()),), "")
    spans = [Span(0, 0, corpus.bytes)]
    kept = [train_bpe(texts(corpus, spans, size), 350) for size in (16, 300, 10**6)]
    assert len({each.digest for each in kept}) == 1
    whole = kept[0].encode(" ".join(words))
    assert [token for text in texts(corpus, spans, 50) for token in kept[0].encode(text)] == whole


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_with_other_hashes_and_threads_learns_the_same(threads: str) -> None:
    code = ("from genloom.autoregressive.bpe import train_bpe; import pydoc_data.topics as t;"
            "print(train_bpe((t.topics[k] for k in sorted(t.topics)[:12]), 600).digest)")
    found = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={
        **os.environ, "PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads}).stdout for seed in ("1", "2")}
    from pydoc_data.topics import topics

    assert found == {train_bpe((topics[name] for name in sorted(topics)[:12]), 600).digest + "\n"}


def test_a_text_with_few_pairs_gives_a_smaller_vocabulary() -> None:
    assert train_bpe(["aaaa bbb"], 5000).vocabulary < 270
    assert train_bpe([], 300).vocabulary == 257


@pytest.mark.parametrize("vocabulary", [0, 256, (1 << 20) + 1])
def test_a_vocabulary_outside_its_range_is_named(vocabulary: int) -> None:
    with pytest.raises(InputError, match=f"^vocabulary = {vocabulary}: must be of 257 to 1048576; 256 are the bytes"):
        train_bpe([TEXT], vocabulary)


def files(folder: Path, tokenizer: BytePairs, names: tuple[str, str] = ("vocab.json", "merges.txt")) -> Path:
    values = tokenizer.to_json()
    (folder / names[0]).write_text(json.dumps({name: k for k, name in enumerate(values["pieces"])}))
    (folder / names[1]).write_text("\n".join(["#version: 0.2", *values["merges"], ""]), encoding="utf-8")
    return folder


@pytest.mark.parametrize("names", [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")])
def test_files_are_read_under_both_of_their_names(tmp_path: Path, names: tuple[str, str]) -> None:
    made = train_bpe([TEXT], 300)
    read = gpt2(files(tmp_path, made, names))
    assert read.kind == "gpt2"
    assert read.to_json() == {**made.to_json(), "kind": "gpt2"}
    assert read.encode(TEXT) == made.encode(TEXT)


@pytest.mark.parametrize("broken", ["{", "[]", '{"a": 5}', '{"a": 0}', "3", '{"a": "b"}'])
def test_files_that_are_something_else_are_told(tmp_path: Path, broken: str) -> None:
    files(tmp_path, train_bpe([TEXT], 300))
    (tmp_path / "vocab.json").write_text(broken)
    with pytest.raises(DataError, match=r"vocab\.json, merges\.txt: no byte-level BPE"):
        gpt2(tmp_path)


def test_a_folder_without_them_says_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^tokenizer\.folder = .*genloom data gpt2-bpe --fetch"):
        gpt2(tmp_path)


@pytest.mark.real_data
def test_gpt_2_gives_the_ids_that_transformers_gives(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    folder = Path(os.environ["GENLOOM_DATA"]) / "gpt2_bpe"
    shutil.copy(folder / "encoder.json", tmp_path / "vocab.json")
    shutil.copy(folder / "vocab.bpe", tmp_path / "merges.txt")
    theirs = transformers.GPT2TokenizerFast(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))
    ours = gpt2(folder)
    (one,) = read_corpus("alice").documents
    alice = one.read(0, one.bytes).decode()
    assert (ours.vocabulary, ours.separator) == (50257, 50256)
    for text in (alice, "a little squirrel", "naïve 漢字 🐿️\r\n\t  x  don't I'LL 12½ \u3000\n\n\n  y "):
        assert ours.encode(text) == theirs(text)["input_ids"]
        assert ours.decode(ours.encode(text)) == text
    ids = ours.encode(alice)
    assert (len(ids), len(set(ids))) == (42575, 3948)
