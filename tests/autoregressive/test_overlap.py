import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloom.autoregressive import overlap as overlapping
from genloom.autoregressive.overlap import Match, Overlap, byte_stretches, longest_match, overlap
from genloom.data.text.corpus import Corpus
from genloom.data.text.document import Span, document
from genloom.errors import InputError

STRETCHES = st.lists(st.lists(st.integers(0, 2), max_size=25), max_size=4)


def arrays(stretches: list[list[int]]) -> list[np.ndarray]:
    return [np.array(each, np.uint16) for each in stretches]


@given(STRETCHES, STRETCHES, st.integers(1, 6))
def test_it_counts_what_a_search_finds(held: list[list[int]], train: list[list[int]], n: int) -> None:
    known = {tuple(each[k : k + n]) for each in train for k in range(len(each) - n + 1)}
    wanted = [tuple(each[k : k + n]) for each in held for k in range(len(each) - n + 1)]
    assert overlap(arrays(held), arrays(train), n) == Overlap(n, sum(each in known for each in wanted), len(wanted))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    held, train = np.random.default_rng(0).integers(0, 4, (2, 5000))
    whole = overlap([held], [train], 7)
    monkeypatch.setattr(overlapping, "_BLOCK", 97)
    assert overlap([held], [train], 7) == whole
    assert 0.1 < whole.share == whole.found / 4994 < 0.5


def test_the_order_of_symbols_matters() -> None:
    assert overlap([np.array([1, 2, 3])], [np.array([3, 2, 1]), np.array([2, 1, 3])], 3).share == 0
    assert overlap([np.array([1, 2, 3])], [np.array([9, 1, 2, 3])], 3).share == 1


def test_of_many_sequences_evenly_spaced_ones_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlapping, "_MOST", 100)
    found = overlap([np.arange(1000)], [np.arange(500)], 1)
    assert found == Overlap(1, 50, 100)


def test_nothing_to_look_up_is_no_overlap() -> None:
    assert overlap([np.array([1, 2])], [np.array([1, 2])], 3).share == 0
    with pytest.raises(InputError, match=r"^n = 0"):
        overlap([], [], 0)


def corpus(*texts: str) -> tuple[Corpus, list[Span]]:
    of = Corpus(tuple(document(f"text {k}", text.encode()) for k, text in enumerate(texts)), "")
    return of, [Span(k, 0, each.bytes) for k, each in enumerate(of.documents)]


@given(st.lists(st.text(alphabet="abé", min_size=1, max_size=30), max_size=3), st.integers(1, 9), st.integers(1, 12))
def test_bytes_of_spans_have_every_sequence_once_however_they_are_cut(texts: list[str], n: int, block: int) -> None:
    of, spans = corpus(*texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlapping, "_BLOCK", block)
        found = [bytes(each[k : k + n]) for each in byte_stretches(of, spans, n) for k in range(len(each) - n + 1)]
    whole = [text.encode() for text in texts]
    assert found == [each[k : k + n] for each in whole for k in range(len(each) - n + 1)]


def test_the_longest_stretch_and_its_first_place() -> None:
    of, spans = corpus("a walnut", "holding a walnut, a little squirrel sat", "holding a walnut")
    found = longest_match("I am holding a walnut", of, spans)
    assert found == Match("holding a walnut", 5, "text 1", 0)
    assert found.bytes == 16
    assert longest_match("I am holding a walnut", of, spans[:1]) == Match("a walnut", 13, "text 0", 0)


def test_only_the_spans_are_looked_at_and_none_is_joined_to_another() -> None:
    of, _ = corpus("abc|def|abc")
    assert longest_match("abcdef", of, [Span(0, 0, 3), Span(0, 4, 7)]) == Match("abc", 0, "text 0", 0)
    assert longest_match("def", of, [Span(0, 5, 11)]) == Match("ef", 1, "text 0", 5)


def test_matches_over_ends_of_blocks_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlapping, "_BLOCK", 10)
    of, spans = corpus("0123456789 a little squirrel 0123456789")
    assert longest_match("some little squirrel", of, spans) == Match(" little squirrel", 4, "text 0", 12)


def test_no_character_is_cut() -> None:
    of, spans = corpus("é漢")
    assert longest_match("è字漢", of, spans) == Match("漢", 5, "text 0", 2)
    assert longest_match("è", of, spans) == longest_match("", of, spans) == Match("", 0, "", 0)


@given(st.text(alphabet="abé漢", max_size=12), st.text(alphabet="abé漢", max_size=40))
def test_it_is_as_long_as_any_common_stretch(sentence: str, text: str) -> None:
    of, spans = corpus(text)
    found = longest_match(sentence, of, spans if text else [])
    assert found.text in sentence
    assert found.text in text
    parts = {sentence[a:b] for a in range(len(sentence)) for b in range(a + 1, len(sentence) + 1)}
    assert found.bytes == max((len(each.encode()) for each in parts if each in text), default=0)
    if found.text:
        assert sentence.encode()[found.start :].startswith(found.text.encode())
        assert text.encode()[found.offset :].startswith(found.text.encode())
