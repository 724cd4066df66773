"""JSON data into the frozen dataclasses of a report, strictly: every field is known, typed and named in errors."""

import dataclasses
import types
from functools import cache
from typing import Any, Literal, NoReturn, Union, get_args, get_origin, get_type_hints

from genloom.errors import DataError

_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def decode(kind: Any, data: Any, place: str) -> Any:
    """`data` as a value of the type `kind`: a dataclass, tuple, Literal, optional, dict[str, Any] or plain type.

    place   where the value stands, for errors, e.g. "results.items[3].number"

    Errors: `DataError` that names the place, what was found and what is allowed.
    """
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, data, place)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _tuple(arguments, data, place)
    if origin is Literal:
        return data if isinstance(data, str) and data in arguments else _refuse(place, data, f"one of {arguments}")
    if origin in (Union, types.UnionType):
        return None if data is None else decode(next(a for a in arguments if a is not type(None)), data, place)
    if origin is dict:
        return data if isinstance(data, dict) else _refuse(place, data, "an object")
    return _plain(kind, data, place)


def _dataclass(kind: Any, data: Any, place: str) -> Any:
    if not isinstance(data, dict):
        _refuse(place, data, "an object")
    hints = _hints(kind)
    fields = dataclasses.fields(kind)
    unknown = sorted(set(data) - {f.name for f in fields})
    if unknown:
        raise DataError(f"{place}: unknown field {unknown[0][:80]!r}")
    for f in fields:
        if f.name not in data and f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise DataError(f"{place}: the field {f.name!r} is missing")
    return kind(**{name: decode(hints[name], value, f"{place}.{name}") for name, value in data.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _tuple(arguments: tuple[Any, ...], data: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        _refuse(place, data, "a list")
    kinds = arguments[:1] * len(data) if arguments[-1] is Ellipsis else arguments
    if len(kinds) != len(data):
        _refuse(place, data, f"a list of {len(kinds)} entries")
    return tuple(decode(kind, entry, f"{place}[{i}]") for i, (kind, entry) in enumerate(zip(kinds, data, strict=True)))


def _plain(kind: Any, data: Any, place: str) -> Any:
    if kind is float:
        return _number(data, place)
    allowed = {str: "text", int: "an integer", bool: "true or false"}[kind]
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        _refuse(place, data, allowed)
    return data


def _number(data: Any, place: str) -> float:
    if isinstance(data, str) and data in _SPECIAL:
        return _SPECIAL[data]
    if not isinstance(data, int | float) or isinstance(data, bool):
        _refuse(place, data, "a number")
    try:
        return float(data)
    except OverflowError:
        _refuse(place, "an integer beyond 1e308", "a number")


def _refuse(place: str, data: Any, allowed: str) -> NoReturn:
    found = repr(data) if isinstance(data, str | int | float | None) else type(data).__name__
    raise DataError(f"{place}: must be {allowed}, not {found[:80]}")
