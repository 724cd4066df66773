"""Classes are found by name and by number, and mistakes are named."""

from dataclasses import replace

import pytest
import torch

from genloom.data.images.imageset import ImageSet
from genloom.errors import InputError, UnknownName
from genloom.recipes.class_labels import asked_for, labels_for


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


def pictures(labels: torch.Tensor | None) -> ImageSet:
    names = () if labels is None else ("a", "b")
    none = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    return ImageSet(pictures=none, labels=labels, class_names=names, description="")


def test_without_a_request_classes_are_as_frequent_as_in_the_pictures() -> None:
    rare = labels_for(pictures(torch.tensor([0, 0, 0, 1])), 2, 4000, 0)
    assert rare is not None
    assert 0.22 < rare.double().mean() < 0.28
    even = labels_for(pictures(None), 2, 4000, 0)
    assert even is not None
    assert 0.47 < even.double().mean() < 0.53


def test_those_of_the_first_samples_do_not_depend_on_how_many_there_are() -> None:
    for labels in (torch.tensor([0, 0, 0, 1]), None):
        few, many = (labels_for(pictures(labels), 2, count, 3) for count in (5, 500))
        assert few is not None
        assert many is not None
        assert torch.equal(few, many[:5])


def test_a_model_without_classes_is_asked_for_none() -> None:
    assert labels_for(pictures(None), 0, 3, 0) is None
    with pytest.raises(InputError, match="knows no classes"):
        labels_for(pictures(None), 0, 3, 0, "a")


def test_sets_of_labels_are_asked_for_by_semicolons_and_drawn_as_often_as_in_the_pictures() -> None:
    own = replace(pictures(torch.tensor([[1, 0, 1]] * 3 + [[0, 1, 0]], dtype=torch.uint8)), class_names=("a", "b", "c"))
    asked = labels_for(own, 3, 3, 0, "c, a; b")
    assert asked is not None
    assert asked.tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    drawn = labels_for(own, 3, 4000, 0)
    assert drawn is not None
    assert 0.22 < drawn[:, 1].double().mean() < 0.28
    with pytest.raises(UnknownName, match="labels"):
        labels_for(own, 3, 3, 0, "a, d")
