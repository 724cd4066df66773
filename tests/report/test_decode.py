from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from genloom.errors import DataError
from genloom.report.decode import decode


@dataclass(frozen=True)
class Leaf:
    name: str
    kind: Literal["a", "b"] = "a"
    pair: tuple[int, float] | None = None
    more: dict[str, Any] = field(default_factory=dict)


def test_nested_data_becomes_typed():
    assert decode(tuple[Leaf, ...], [{"name": "x", "pair": [1, 2]}], "here") == (Leaf("x", pair=(1, 2.0)),)


@pytest.mark.parametrize(("data", "place"), [
    ([{"name": 1}], "here[0].name"), ([{"name": "x", "kind": ["a"]}], "here[0].kind"), ([{}], "here[0]"), ({}, "here"),
    ([{"name": "x", "pair": [1]}], "here[0].pair"), ([{"name": "x", "pair": [1.5, 2]}], "here[0].pair[0]"),
    ([{"name": "x", "pair": [1, 10**400]}], "here[0].pair[1]"), ([{"name": "x", "pair": [1, True]}], "here[0].pair[1]"),
    ([{"name": "x", "more": []}], "here[0].more"),
])
def test_errors_name_the_place(data, place):
    with pytest.raises(DataError) as caught:
        decode(tuple[Leaf, ...], data, "here")
    assert str(caught.value).startswith(f"{place}:")


def test_a_huge_wrong_value_is_shown_in_short():
    with pytest.raises(DataError) as caught:
        decode(Leaf, {"name": "x", "kind": "y" * 10_000}, "here")
    assert len(str(caught.value)) < 200
