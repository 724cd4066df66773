"""What can be chosen, read off the dataclasses: every field's dotted name, type and help, and how a value is read."""

import ast
import dataclasses
import inspect
import math
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from genloom.errors import InputError

_FLOAT = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)([eE][-+]?\d+)?")


@dataclasses.dataclass(frozen=True)
class Leaf:
    """One value of a dataclass tree.

    path    names from the root, e.g. ("engine", "steps")
    hint    the annotation without `Annotated`, and `marks` what stood in it
    owner   the dataclass that declares the field
    """

    path: tuple[str, ...]
    hint: Any
    marks: tuple[Any, ...]
    help: str
    owner: type

    @property
    def name(self) -> str:
        """The dotted name, as on the command line and in messages."""
        return ".".join(self.path)


def leaves(cls: type) -> tuple[Leaf, ...]:
    """The values of a dataclass and of the dataclasses inside it, in the order of their declaration."""
    return _cached_leaves(cls)


@cache
def _cached_leaves(cls: type) -> tuple[Leaf, ...]:
    return tuple(_leaves(cls, ()))


def _leaves(cls: type, prefix: tuple[str, ...]) -> Iterator[Leaf]:
    hints, helps = get_type_hints(cls, include_extras=True), docstrings(cls)
    for field in dataclasses.fields(cls):
        hint, marks = hints[field.name], tuple[Any, ...]()
        if get_origin(hint) is Annotated:
            hint, *rest = get_args(hint)
            marks = tuple(rest)
        if dataclasses.is_dataclass(hint):
            yield from _leaves(hint, (*prefix, field.name))  # type: ignore[arg-type] # a class, not an instance
        else:
            yield Leaf((*prefix, field.name), hint, marks, helps.get(field.name, ""), cls)


def docstrings(cls: type) -> dict[str, str]:
    """The string under each field of a dataclass, in one line; fields without one are missing."""
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return {}
    body = ast.parse(source).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    found = {}
    for statement, after in pairwise(statements):
        if (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
                and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)):
            found[statement.target.id] = " ".join(str(after.value.value).split())
    return found


def value(tree: Any, path: tuple[str, ...]) -> Any:
    """The value at a path."""
    for name in path:
        tree = getattr(tree, name)
    return tree


def replaced(tree: Any, path: tuple[str, ...], new: Any) -> Any:
    """A copy of a frozen tree with one value changed."""
    head, *rest = path
    inner = replaced(getattr(tree, head), tuple(rest), new) if rest else new
    return dataclasses.replace(tree, **{head: inner})


def differences(tree: Any, base: Any) -> list[tuple[str, Any, Any]]:
    """(name, value, value in `base`) of every leaf that differs between two trees of one class."""
    pairs = [(leaf.name, value(tree, leaf.path), value(base, leaf.path)) for leaf in leaves(type(tree))]
    return [(name, mine, theirs) for name, mine, theirs in pairs if mine != theirs]


def checked(name: str, hint: Any, found: Any) -> Any:
    """`found` as a value of the annotation `hint`, where it is one; an int is taken for a float, and "1e-3" too.

    Errors: `InputError` for another type, a number that is not finite, or a value that is not in the Literal.
    """
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _checked_union(name, hint, found)
    if origin is Literal:
        return _checked_literal(name, get_args(hint), found)
    if origin is tuple:
        return _checked_tuple(name, get_args(hint), found)
    if hint is float:
        return _checked_float(name, found)
    if hint is Path and isinstance(found, str):
        return Path(found)
    if type(found) is not hint:
        raise InputError(name, found, describe(hint))
    return found


def from_text(name: str, hint: Any, text: str) -> Any:
    """The value that a word of the command line stands for.

    Errors: `InputError` as `checked`.
    """
    if get_origin(hint) in (Union, UnionType):
        inner = [kind for kind in get_args(hint) if kind is not NoneType]
        return from_text(name, inner[0], text) if len(inner) == 1 else checked(name, hint, text)
    if hint is int:
        return checked(name, int, int(text) if re.fullmatch(r"[-+]?\d[\d_]{0,30}", text) else text)
    if get_origin(hint) is Literal:
        numbers = {str(choice): choice for choice in get_args(hint)}
        return checked(name, hint, numbers.get(text, text))
    return checked(name, hint, text)


def describe(hint: Any) -> str:
    """What a value of this annotation is, in words."""
    words = {int: "a whole number", float: "a finite number", str: "text", bool: "true or false", Path: "a path",
             NoneType: "nothing"}
    if hint in words:
        return words[hint]
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if get_origin(hint) is tuple:
        return "a list of " + " and ".join(describe(kind) for kind in get_args(hint) if kind is not ...)
    return " or ".join(describe(kind) for kind in get_args(hint)) or str(hint)


def _checked_float(name: str, found: Any) -> float:
    if isinstance(found, str) and _FLOAT.fullmatch(found):
        found = float(found)  # YAML 1.1 takes 1e-3, without a dot, for text
    if type(found) is int and abs(found) < 1 << 1023:
        found = float(found)
    if type(found) is not float or not math.isfinite(found):
        raise InputError(name, found, "a finite number")
    return found


def _checked_literal(name: str, choices: tuple[Any, ...], found: Any) -> Any:
    for choice in choices:
        if type(choice) is type(found) and choice == found:
            return choice
    if isinstance(found, int) and not isinstance(found, bool) and str(found) in choices:
        return str(found)  # `precision: 32`, written without quotes
    near = _nearest(found, choices)
    quote = "write it in quotes" if isinstance(found, bool) else ""
    raise InputError(name, found, f"one of {', '.join(map(str, choices))}", near or quote)


def _checked_tuple(name: str, kinds: tuple[Any, ...], found: Any) -> tuple[Any, ...]:
    open_ended = kinds[-1:] == (...,)
    if not isinstance(found, (list, tuple)) or not (open_ended or len(found) == len(kinds)):
        count = "" if open_ended else f"{len(kinds)} values: "
        raise InputError(name, found, f"{count}a list of {describe(kinds[0])}")
    each = kinds[:1] * len(found) if open_ended else kinds
    return tuple(checked(f"{name}[{i}]", kind, item) for i, (kind, item) in enumerate(zip(each, found, strict=True)))


def _checked_union(name: str, hint: Any, found: Any) -> Any:
    for kind in get_args(hint):
        if kind is NoneType and found is None:
            return None
        if kind is NoneType:
            continue
        try:
            return checked(name, kind, found)
        except InputError:
            continue
    raise InputError(name, found, describe(hint))


def _nearest(found: Any, choices: tuple[Any, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(str(found)[:80], [str(choice) for choice in choices], n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near and near[0] != str(found) else ""
