"""Words are counted in the training text, and their log-probabilities are sums of their tokens'."""

import re

import pytest

from genloom.studies.alice.hard_words import alone, counts, hard_results, hard_words, times
from genloom.studies.alice.inversion import inverted
from genloom.studies.alice.work import experiment, model


def train_text(found) -> str:
    return "\n".join(found.corpus.documents[span.document].read(span.start, span.stop).decode() for span in
                     found.parts.train)


def test_words_are_counted_as_words(tiny) -> None:
    found = experiment(tiny)
    text = train_text(found).lower()
    asked = ("The", "walnut", "squirrel", "a")
    assert times(found, asked) == [len(re.findall(rf"\b{word.lower()}\b", text)) for word in asked]
    assert times(found, asked)[2] == 0


def test_the_words_of_the_sentence_add_up_to_it(tiny) -> None:
    each = hard_words(tiny)
    assert [word.text for word in each] == ["I", "am", "a", "little", "squirrel", "holding", "a", "walnut"]
    assert sum(word.log_prob for word in each) == pytest.approx(alone(tiny).total)
    assert sum(word.tokens for word in each) == len(alone(tiny).tokens)
    assert all(word.rarest >= 0 for word in each)
    assert next(word for word in each if word.text == "walnut").seen > 0


def test_tokens_are_counted_in_the_training_text_alone(tiny) -> None:
    found = model(tiny).experiment
    assert counts(found).sum() == len(found.train)
    assert len(counts(found)) == found.tokenizer.vocabulary


def test_two_paths_to_the_same_log_probability(tiny) -> None:
    first = hard_results(tiny, inverted(tiny, "outputs"))[0]
    assert first.status == "pass"
    assert first.value == pytest.approx(first.known, abs=1e-3)
