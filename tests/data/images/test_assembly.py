from dataclasses import replace

import numpy as np
import pytest

from genloom.data.images.assembly import assemble
from genloom.data.images.imageset import ImageSet
from genloom.data.images.material import Material, from_array
from genloom.data.images.picture import Pixels
from genloom.errors import DataError, InputError, UnknownName

COUNT = 600


def numbered(ready: bool, bad: tuple[int, ...] = ()) -> Material:
    """Pictures whose pixels hold their class, number mod 3; some cannot be read."""
    pixels = (np.arange(COUNT) % 3).astype(np.uint8).reshape(-1, 1, 1, 1).repeat(64, 1).reshape(-1, 1, 8, 8)
    material = from_array(pixels, [i % 3 for i in range(COUNT)], ("a", "b", "c"), "numbers")

    def picture(i: int) -> Pixels | str:
        return f"{i}.png: damaged" if i in bad else pixels[i]

    return material if ready else replace(material, ready=False, picture=picture, identity=str(bad))


def made(material: Material, category: str = "", strict: bool = False) -> ImageSet:
    return assemble(material, 8, 1, category=category, strict=strict)


@pytest.mark.parametrize("ready", [True, False])
def test_pictures_keep_their_classes_in_a_random_order_that_is_always_the_same(ready: bool) -> None:
    first, again = made(numbered(ready)), made(numbered(ready))
    assert first.labels is not None
    assert again.labels is not None
    assert first.pictures[:, 0, 0, 0].tolist() == first.labels.tolist() == again.labels.tolist()
    assert first.shuffled
    assert first.labels.tolist() != [i % 3 for i in range(COUNT)]
    assert np.bincount(first.labels.numpy()).tolist() == [COUNT // 3] * 3
    assert first.digest == again.digest


def test_stored_and_ready_pictures_are_the_same_set() -> None:
    assert made(numbered(True)).digest == made(numbered(False)).digest


def test_one_class_alone_has_no_classes_left() -> None:
    got = made(numbered(False), category="b")
    assert (len(got), got.labels, got.class_names) == (COUNT // 3, None, ())
    assert (got.pictures == 1).all()
    assert got.description == "200 pictures of numbers, b alone; 8 × 8, grey"


def test_a_class_that_is_not_there_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match=r"data.category"):
        made(numbered(True), category="d")
    with pytest.raises(InputError, match="numbers has no classes"):
        made(replace(numbered(True), class_names=("",)), category="a")
    with pytest.raises(DataError, match="no picture of the class d"):
        made(replace(numbered(True), class_names=("a", "b", "c", "d")), category="d")


def test_what_cannot_be_read_is_left_out_with_a_count_and_the_rest_keeps_its_classes() -> None:
    bad = (0, 17, 300, 599)
    got = made(numbered(False, bad))
    assert got.labels is not None
    assert (len(got), len(got.skipped)) == (COUNT - 4, 4)
    assert set(got.skipped) == {f"{i}.png: damaged" for i in bad}
    assert got.pictures[:, 0, 0, 0].tolist() == got.labels.tolist()
    assert "4 files cannot be used: " in got.description
    assert got.description.endswith(" and 1 more")
    assert got.digest != made(numbered(False)).digest


def test_strict_refuses_with_every_name_also_when_the_set_is_stored() -> None:
    material = numbered(False, (0, 17, 300, 599))
    for _ in range(2):
        with pytest.raises(DataError, match="4 files cannot be used") as caught:
            made(material, strict=True)
        assert all(f"{i}.png: damaged" in str(caught.value) for i in (0, 17, 300, 599))
        made(material)


def test_no_readable_picture_is_an_error_that_says_what_was_found() -> None:
    with pytest.raises(DataError, match=r"no picture can be read; 600 files cannot be used: .* and 597 more"):
        made(numbered(False, tuple(range(COUNT))))
