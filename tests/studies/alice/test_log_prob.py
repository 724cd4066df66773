"""The sampled sentence has one log-probability, by whatever way it is summed."""

import math

import pytest

from genloom.recipes.sample_gpt import Written
from genloom.studies.alice.log_prob import log_probability, sampled, sentence_end
from genloom.studies.alice.work import model


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(log_probability, tiny, formula=True)
    assert [result.status for result in answer.results[:2]] == ["pass", "pass"]
    by_token, by_word, *_ = answer.tables
    assert len(by_token.rows) == len(sampled(tiny).log_probs)
    assert by_word.rows[-1][0] == "all"


def test_what_came_while_it_was_written_is_what_is_scored(tiny) -> None:
    found = sampled(tiny)
    assert math.fsum(found.log_probs) == pytest.approx(found.scored.total, abs=1e-4)
    assert b"".join(found.pieces).decode("utf-8", "replace") == found.text
    assert sum(word.last - word.first + 1 for word in found.words) == len(found.pieces)


def test_a_sentence_ends_at_its_sign_and_not_before_eight_words(tiny) -> None:
    made = model(tiny)

    def ends(text: str) -> str:
        tokens = made.tokenizer.encode(text)
        end = sentence_end(made, Written(tuple(tokens), (0.0,) * len(tokens), (0.0,) * len(tokens)))
        return made.tokenizer.decode(tokens[:end])

    assert ends("No. The cat went away to look for the moon. A mouse").startswith("No. The cat went away to look for")
    assert ends("No. The cat went away to look for the moon. A mouse").rstrip().endswith("moon.")
    assert ends("too short. no") == ""
    assert ends("a text of many words that never ends at all or not so") == ""
