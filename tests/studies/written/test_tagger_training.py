"""What the four taggers can reach, and what they are judged by."""

import math

import pytest
import torch

from genloom.rng import generator
from genloom.studies.written.tagger_training import (
    KINDS,
    LENGTH,
    Kind,
    decoded,
    exact,
    floors,
    judged,
    sentences,
    taught,
)
from genloom.studies.written.tagging_task import TAGS, language

TEST = sentences(language(), 0, 500)


def test_the_more_is_known_the_less_is_left() -> None:
    least = floors(TEST)
    assert least["one word"] > least["all words"] > least["one word, chain"] == least["all words, chain"] > 0
    assert set(least) == set(KINDS)


def test_the_floor_of_one_word_is_its_entropy() -> None:
    """By 60,000 words of the language: the standard error of a mean of log p is about .003."""
    here = language()
    words, tags = here.draw(10_000, LENGTH, generator(1))
    drawn = -here.alone(words).log().gather(2, tags[..., None]).mean()
    assert floors(TEST)["one word"] == pytest.approx(drawn.item(), abs=0.015)


def test_exact_answers_are_better_than_others() -> None:
    best = exact(TEST)
    assert best["chain"].tags == best["all words"].tags > best["one word"].tags
    assert best["chain"].whole > best["all words"].whole > best["one word"].whole
    assert best["chain"].impossible == 0 < best["all words"].impossible
    guessed = torch.zeros_like(TEST.tags)
    assert decoded(TEST, guessed, guessed)[1:] == (0, 1), "no sentence is of determiners alone"


def test_an_untrained_tagger_has_the_excess_of_a_guess() -> None:
    """Near log 5 less the least, if its scores are near one another."""
    made = taught(TEST.here, Kind(0, False, 1), 0)
    with torch.no_grad():
        made.network.output.weight.zero_()
        made.network.output.bias.zero_()
    excess = judged(made, KINDS["one word"], TEST).excess
    least = -torch.special.entr(TEST.here.alone(TEST.words)).sum(2).mean().item()
    assert excess == pytest.approx(math.log(len(TAGS)) + least)


@pytest.mark.parametrize("name", list(KINDS))
def test_training_lowers_the_excess(name: str) -> None:
    kind = KINDS[name]._replace(steps=40)
    before, after = (judged(taught(TEST.here, kind._replace(steps=steps), 0), kind, TEST) for steps in (1, 40))
    assert 0 < after.excess < before.excess
    assert after.tags > before.tags
