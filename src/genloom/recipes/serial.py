"""Recipes as text: YAML that a person can read and edit, and that is read back strictly."""

import dataclasses
from difflib import get_close_matches
from typing import Any, get_type_hints

import yaml

from genloom.errors import InputError
from genloom.recipes import registry, rules
from genloom.recipes.fields import checked, describe

FORMAT = 1
"""Version of the layout of `recipe.yaml`."""

LIMIT = 64 * 1024
"""Longest text that is read, in characters; a recipe has about 2000."""


def to_yaml(recipe: Any) -> str:
    """The recipe with every value, under its format version and family.

    Errors: `UnknownName` where the recipe's class is not registered.
    """
    head = {"format": FORMAT, "family": registry.family_of(recipe)}
    body = _plain(dataclasses.asdict(recipe))
    return yaml.safe_dump({**head, **body}, sort_keys=False, allow_unicode=True, default_flow_style=None)


def from_yaml(text: str) -> Any:
    """The recipe that a text describes; a value that is not given has the default of its class.

    Errors: `InputError`, or `InputErrors` with all of them, for text that is not YAML or too long, another format,
    unknown keys, values of a wrong type or outside the allowed ones, and broken rules.
    """
    document = _document(text)
    version, kind = document.pop("format", None), document.pop("family", None)
    if version != FORMAT or isinstance(version, bool):
        newer = isinstance(version, int) and version > FORMAT
        raise InputError("format", version, str(FORMAT), "the file is from a newer genloom: upgrade" if newer else
                         "a recipe.yaml starts with `format: 1`")
    if not isinstance(kind, str):
        raise InputError("family", kind, f"one of {', '.join(registry.FAMILIES)}")
    found: list[InputError] = []
    recipe = _build(registry.family(kind), document, "", found)
    found += rules.problems(recipe, relations=not found)
    rules.raise_all(found)
    return recipe


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses aliases, which can blow a short text up, and keys that occur twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value if isinstance(key.value, str)]
        twice = sorted({key for key in keys if keys.count(key) > 1}) if len(keys) < 1000 else ["too many keys"]
        if twice:
            raise yaml.YAMLError(f"the key {twice[0]!r} occurs twice")
        return super().construct_mapping(node, deep)


def strict_yaml(text: str, what: str, limit: int = LIMIT) -> Any:
    """What a YAML text holds, without aliases and without keys that occur twice.

    what    what the text is, for the error
    limit   characters that it may have

    Errors: `InputError` for text that is too long or no such YAML.
    """
    if len(text) > limit:
        raise InputError(what, f"{len(text)} characters", f"at most {limit} characters")
    try:
        return _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError, AttributeError) as error:
        raise InputError(what, text, "YAML", _one_line(error)) from None


def _document(text: str) -> dict[str, Any]:
    document = strict_yaml(text, "recipe")
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise InputError("recipe", document, "a mapping of names to values")
    return document


def _build(cls: type, values: dict[str, Any], prefix: str, found: list[InputError]) -> Any:
    """An instance of a dataclass from plain values; what is wrong goes to `found`, and a default takes its place."""
    known = {field.name: field for field in dataclasses.fields(cls)}
    hints = {name: hint for name, hint in get_type_hints(cls).items() if name in known}  # no class variables
    kept: dict[str, Any] = {}
    for key, value in values.items():
        try:
            kept[key] = _read(hints, key, value, prefix, found)
        except InputError as error:
            found.append(error)
            kept.pop(key, None)
    for name, field in known.items():
        if field.default is field.default_factory is dataclasses.MISSING and name not in kept:
            kept[name] = ""
            if name not in values:
                found.append(InputError(prefix + name, None, describe(hints[name])))
    return cls(**kept)


def _read(hints: dict[str, Any], key: str, value: Any, prefix: str, found: list[InputError]) -> Any:
    name = f"{prefix}{key}"
    if key not in hints:
        near = get_close_matches(key, hints, n=1, cutoff=0.5)
        raise InputError("key", name, f"a field of {prefix.rstrip('.') or 'a recipe'}",
                         f"did you mean {prefix + near[0]!r}?" if near else f"there are {', '.join(hints)}")
    if not dataclasses.is_dataclass(hints[key]):
        return checked(name, hints[key], value)
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value):
        raise InputError(name, value, "a mapping of names to values")
    return _build(hints[key], value, f"{name}.", found)


def _plain(value: Any) -> Any:
    """Tuples as lists and paths as text, which is all that safe YAML knows."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
