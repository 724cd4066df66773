"""Fields of dataclass trees: their names and help, and how values are read."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from genloom.errors import InputError
from genloom.recipes.fields import checked, describe, differences, from_text, leaves, replaced, value


@dataclass(frozen=True, kw_only=True)
class Inner:
    """Inner."""

    size: int = 3
    """How
    large."""
    bare: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Outer:
    """Outer."""

    inner: Inner = field(default_factory=Inner)
    name: str = "x"
    """Its name."""


def test_leaves_have_dotted_names_types_and_help() -> None:
    found = {leaf.name: leaf for leaf in leaves(Outer)}
    assert list(found) == ["inner.size", "inner.bare", "name"]
    assert (found["inner.size"].hint, found["inner.size"].help, found["inner.size"].owner) == (int, "How large.", Inner)
    assert found["inner.bare"].help == ""


def test_replaced_changes_one_value_of_a_copy() -> None:
    tree = Outer()
    changed = replaced(tree, ("inner", "size"), 5)
    assert value(changed, ("inner", "size")) == 5
    assert value(tree, ("inner", "size")) == 3
    assert differences(changed, tree) == [("inner.size", 5, 3)]


@pytest.mark.parametrize(("hint", "found", "expected"), [
    (int, 3, 3), (float, 3, 3.0), (float, "1e-3", 1e-3), (float, 2.5, 2.5), (bool, False, False), (str, "3", "3"),
    (Literal["32", "16"], 32, "32"), (Literal[1, 2], 2, 2), (tuple[int, ...], [1, 2], (1, 2)),
    (tuple[int, float], [1, 2], (1, 2.0)), (int | None, None, None), (int | None, 3, 3), (Path, "a/b", Path("a/b"))])
def test_values_of_the_right_type(hint: Any, found: object, expected: object) -> None:
    read = checked("x", hint, found)
    assert read == expected
    assert type(read) is type(expected)


@pytest.mark.parametrize(("hint", "found", "said"), [
    (int, True, "a whole number"), (int, 3.0, "a whole number"), (int, "3", "a whole number"),
    (float, math.nan, "a finite number"), (float, math.inf, "a finite number"), (float, True, "a finite number"),
    (float, 10**400, "a finite number"), (float, "1e999", "a finite number"), (str, 3, "text"),
    (bool, 1, "true or false"),
    (Literal["adam", "sgd"], "adm", "did you mean 'adam'"), (Literal["off", "on"], False, "quotes"),
    (Literal["1"], True, "one of 1"), (tuple[int, ...], 3, "a list"), (tuple[int, ...], ["a"], r"x\[0\]"),
    (tuple[int, int], [1], "2 values"), (int | None, "a", "a whole number or nothing")])
def test_other_values_are_refused(hint: Any, found: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked("x", hint, found)


@pytest.mark.parametrize(("hint", "text", "expected"), [
    (int, "-3", -3), (int, "1_000", 1000), (float, ".5", 0.5), (float, "1e-3", 1e-3), (str, "12", "12"),
    (Literal["32"], "32", "32"), (Literal[1, 2], "2", 2), (int | None, "4", 4), (Path | None, "a", Path("a"))])
def test_words_of_the_command_line(hint: Any, text: str, expected: object) -> None:
    assert from_text("x", hint, text) == expected


@pytest.mark.parametrize(("hint", "text"), [(int, "3.5"), (int, ""), (int, "9" * 5000), (float, "nan"), (float, "inf"),
                                            (float, "a"), (Literal["a"], "b"), (int | None, "None")])
def test_words_that_are_refused(hint: Any, text: str) -> None:
    with pytest.raises(InputError, match="must be"):
        from_text("x", hint, text)


def test_descriptions_are_words() -> None:
    assert describe(int | None) == "a whole number or nothing"
    assert describe(tuple[int, ...]) == "a list of a whole number"
    assert describe(Literal["a", "b"]) == "one of a, b"
