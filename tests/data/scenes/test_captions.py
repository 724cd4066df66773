"""Sentences name what is there, in many words, and no prompt is among them."""

import itertools

import pytest
import torch

from genloom.data.images.labelsets import NAMES
from genloom.data.scenes.captions import LONGEST, WORDS, caption, encode, prompts
from genloom.errors import DataError, UnknownName


def test_a_sentence_names_colours_and_shapes_in_either_order() -> None:
    said = {caption(("red cube", "blue sphere"), seed) for seed in range(300)}
    assert len(said) > 40
    for text in said:
        words = text.split()
        cube = next(words.index(word) for word in ("cube", "block", "box") if word in words)
        ball = next(words.index(word) for word in ("sphere", "ball") if word in words)
        assert (words[cube - 1], words[ball - 1]) == ("red", "blue")
    assert {text.index("red") < text.index("blue") for text in said} == {True, False}


def test_it_is_a_function_of_the_seed() -> None:
    assert caption(("gray ball".replace("ball", "sphere"),), 5) == caption(("gray sphere",), 5)


def test_no_prompt_is_a_sentence_of_the_training() -> None:
    said = {caption((name,), seed) for name in NAMES for seed in range(60)}
    assert not said & {text for name in NAMES for text in prompts(name)}


def test_prompts_of_a_colour_or_a_shape_are_those_of_all_its_objects() -> None:
    assert prompts("red cube")[0] == "a picture of a red cube"
    assert set(prompts("red")) == {text for shape in ("cube", "sphere", "cylinder") for text in prompts(f"red {shape}")}
    assert len(prompts("cube")) == 3 * 9  # gray is also grey
    assert len({text for name in NAMES for text in prompts(name)}) == 9 * 7


def test_words_become_numbers_and_back() -> None:
    sentences = ["a red cube beside a gray ball", "look at a can"]
    rows = encode(sentences)
    assert rows.shape == (2, LONGEST)
    assert [" ".join(WORDS[k - 1] for k in row.tolist() if k) for row in rows] == sentences


def test_every_sentence_can_be_told_in_numbers() -> None:
    said = [caption(names, seed) for names in (("cyan cylinder",), ("cyan cylinder", "green cube"))
            for seed in range(200)]
    said += [text for name in NAMES for text in prompts(name)]
    assert int((encode(said) > 0).sum(1).max()) <= LONGEST
    used = torch.cat([encode([caption(names, seed) for seed in range(40) for names in ((a, b), (a,))]).unique()
                      for a, b in itertools.pairwise(NAMES)]).unique()
    assert set(range(len(WORDS) + 1)) == set(used.tolist()), "no word is there for prompts alone"


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(UnknownName, match="red cub"):
        caption(("red cub",), 0)
    with pytest.raises(UnknownName, match="labels"):
        prompts("pink cube")
    with pytest.raises(UnknownName, match="sentence"):
        encode(["a crimson cube"])
    with pytest.raises(DataError, match="3 objects"):
        caption(("red cube", "blue cube", "gray cube"), 0)
    for text in ("", "a " * 13):
        with pytest.raises(DataError, match="words"):
            encode([text])
