import pytest
import torch

from genloom.data.images.labelsets import NAMES, forbidden, label_set, multi_hot, named
from genloom.errors import InputError, UnknownName


def test_the_names_are_24_in_the_course_s_order() -> None:
    assert len(set(NAMES)) == 24
    known = {"gray cube": 0, "yellow cube": 7, "red sphere": 9, "yellow cylinder": 23}
    assert {name: NAMES.index(name) for name in known} == known


def test_words_become_names_whatever_their_spaces_and_letters() -> None:
    assert label_set(" Red  Sphere,yellow cube , ") == ("red sphere", "yellow cube")
    with pytest.raises(UnknownName, match="did you mean 'red sphere'"):
        label_set("red spere")
    for text in ("", " , ", "red cube, red cube"):
        with pytest.raises(InputError, match="none twice"):
            label_set(text)


def test_multi_hot_and_named_are_inverse_to_one_another() -> None:
    sets = (("gray cube",), ("red cube", "blue sphere", "yellow cylinder"), ())
    hot = multi_hot(sets)
    assert hot.shape == (3, 24)
    assert hot.dtype == torch.uint8
    assert hot.sum(1).tolist() == [1, 3, 0]
    assert named(hot) == sets
    assert multi_hot([]).shape == (0, 24)
    with pytest.raises(UnknownName, match="did you mean 'gray cube'"):
        multi_hot([["grey cube"]])


def test_held_out_sets_have_no_order_and_mistakes_name_their_option() -> None:
    assert forbidden(["red cube, blue cube"]) == forbidden(["blue cube,red cube", "red cube, blue cube"])
    for text in ("red cub", ""):
        with pytest.raises(InputError, match=r"data\.without"):
            forbidden([text])
