"""Held-out sentences are likelier than their words in random order, and both than other texts."""

from genloom.studies.alice.compared import (
    ELSEWHERE,
    HELD,
    MIXED,
    OTHER,
    bits,
    compared_results,
    compared_said,
    compared_table,
    gain,
    groups,
    shuffled,
)
from genloom.studies.alice.sentences import scored


def test_the_same_words_in_another_order() -> None:
    text = "one two three four five six seven"
    assert sorted(shuffled(text, 0, 1).split()) == sorted(text.split())
    assert shuffled(text, 0, 1) == shuffled(text, 0, 1) != shuffled(text, 0, 2)


def test_the_order_of_words_is_worth_something(tiny) -> None:
    found = groups(tiny)
    assert len(found[HELD]) == len(found[MIXED]) == len(scored(tiny))
    assert len(found[OTHER]) == len(ELSEWHERE)
    worth = gain(tiny)
    assert worth is not None
    assert worth.low > 0
    assert [result.status for result in compared_results(tiny)] == ["pass"] * 3
    assert len(compared_table(tiny).rows) == 3
    assert "held-out sentences" in compared_said(tiny)[0]


def test_a_text_without_sentences_has_nothing_to_compare(tiny, monkeypatch) -> None:
    from genloom.studies.alice import compared

    monkeypatch.setattr(compared, "groups", lambda context: {OTHER: [3.0]})
    assert gain(tiny) is None
    assert compared_results(tiny) == []
    assert "no sentences" in compared_said(tiny)[0]


def test_bits_are_per_byte(tiny) -> None:
    assert bits(tiny, "The cat") > 0
