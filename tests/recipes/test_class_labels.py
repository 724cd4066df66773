"""Classes are found by name and by number, and mistakes are named."""

import pytest

from genloom.errors import InputError, UnknownName
from genloom.recipes.class_labels import asked_for


def test_names_come_before_numbers_and_are_taken_in_turn() -> None:
    assert asked_for("1", ["1", "0"], 2).tolist() == [0, 0], "a name that looks like a number"
    assert asked_for("b,0", ["a", "b"], 3).tolist() == [1, 0, 1]


@pytest.mark.parametrize("word", ["c", "2", "-1", "", "²", "9" * 30])
def test_what_is_no_class_is_refused(word: str) -> None:
    with pytest.raises(UnknownName, match="labels"):
        asked_for(word, ["a", "b"], 1)
    with pytest.raises(InputError, match="from 0 to 1"):
        asked_for(word, [], 1, classes=2)


def test_numbers_that_are_names_are_listed_once() -> None:
    with pytest.raises(UnknownName, match=r"one of 0, 1$"):
        asked_for("eleven", ["0", "1"], 1)
