import pytest

from genloom.data.pointset import group
from genloom.errors import InputError


@pytest.mark.parametrize("classes", range(2, 9))
def test_every_class_gets_neighbouring_parts_and_none_is_empty(classes: int) -> None:
    grouping = group([str(i) for i in range(8)], classes)
    assert grouping is not None
    assert list(grouping.part_labels) == sorted(grouping.part_labels)
    assert set(grouping.part_labels) == set(range(classes))
    assert " ".join(grouping.names).split() == [str(i) for i in range(8)]


def test_no_classes_is_no_grouping() -> None:
    assert group(["a", "b"], 0) is None


@pytest.mark.parametrize(("parts", "classes"), [(3, 1), (3, 4), (3, -1), (1, 2)])
def test_impossible_numbers_of_classes_are_refused(parts: int, classes: int) -> None:
    with pytest.raises(InputError, match=r"data\.classes"):
        group(["part"] * parts, classes)
