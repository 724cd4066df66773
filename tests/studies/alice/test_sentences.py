"""Sentences are those of the test text, and the model writes one word of each itself."""

from genloom.autoregressive.words import counted
from genloom.studies.alice.sentences import held_sentences, opening, prompts, scored, spread
from genloom.studies.alice.work import experiment, sizes


def held(found) -> str:
    return "".join(found.corpus.documents[span.document].read(span.start, span.stop).decode() for span in
                   found.parts.test)


def test_sentences_stand_in_the_test_text_as_they_are(tiny) -> None:
    found = experiment(tiny)
    every = held_sentences(found, 11)
    assert len(every) > 20
    assert all(each in held(found) for each in every)
    assert all(each[0].isupper() and each[-1] in ".!?" for each in every)
    assert all(11 <= len(each.split()) <= 40 for each in every)
    assert any("\n" in each for each in every)


def test_an_opening_counts_words_as_people_do() -> None:
    assert opening("`Well!' -- she said to herself", 3) == "`Well!' -- she said"
    assert opening("one two", 2) == "one two"


def test_some_are_evenly_spread() -> None:
    assert spread(list(range(100)), 4) == [0, 25, 50, 75]
    assert spread([1, 2], 5) == [1, 2]


def test_the_last_word_of_each_prompt_is_the_model_s(tiny) -> None:
    every = prompts(tiny)
    assert 1 <= len(every) <= sizes(tiny).sentences
    for each in every:
        assert (each.number, each.generated) == (11, 1)
        assert len(counted(each.words)) == 10
        start = each.text[: -len(each.target.text.strip())].strip() if each.target.text.strip() else each.text
        assert start[:20] in held(experiment(tiny))


def test_scored_sentences_are_held_out(tiny) -> None:
    assert len(scored(tiny)) == sizes(tiny).scored
    assert all(each in held(experiment(tiny)) for each in scored(tiny))
