"""Flags from dataclasses: tyro reads them and writes their help; every mistake is found first, all in one line."""

import contextlib
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, make_dataclass
from difflib import get_close_matches
from typing import Annotated, Any, get_origin

import tyro

from genloom.errors import InputError
from genloom.recipes.fields import Leaf, describe, from_text, leaves, replaced

OPTIONS = "options"
"""The part that holds a verb's own options."""
OWN = "own"
"""The part that holds those of one study alone."""
_BARE = (OPTIONS, OWN)  # parts whose flags have no prefix


@dataclass(frozen=True)
class Command:
    """A command line that is made from dataclasses.

    prog    the words before the flags, e.g. "genloom train ve-square"
    about   what it does, for its help
    parts   a dataclass, or an instance whose values are the defaults, by the prefix of its flags
    """

    prog: str
    about: str
    parts: Mapping[str, Any]
    also: tuple[str, ...] = ()

    def parse(self, args: Sequence[str]) -> tuple["Scan", dict[str, Any]]:
        """What was found, and the parts with their values; flags with an error are left at their defaults.

        Errors: `SystemExit` 0 after showing help; `InputError` for a positional argument that is missing.
        """
        found = scan(self, args)
        if found.help:
            self.show_help()
        if found.missing:
            raise InputError(found.missing, None, "given", f"see `{self.prog} --help`")
        return found, self._kept(found) if found.errors else vars(self._tyro(found.words))

    def show_help(self) -> None:
        """Print the help of all flags and leave with code 0."""
        self._tyro(["--help"])

    def _kept(self, found: "Scan") -> dict[str, Any]:
        """The parts with the values that are right, for further checks; without tyro, as mistakes answer at once."""
        kept = {}
        for prefix, part in self.parts.items():
            whole = part(**dict.fromkeys(_required(part))) if isinstance(part, type) else part
            for leaf in leaves(type(whole)):
                name = leaf.name if prefix in _BARE else f"{prefix}.{leaf.name}"
                if name in found.given:
                    whole = replaced(whole, leaf.path, found.given[name])
            kept[prefix] = whole
        return kept

    def _tyro(self, words: Sequence[str]) -> Any:
        tyro._experimental_options["ansi_codes"] = "NO_COLOR" not in os.environ
        named = [(name, _annotated(name, _class(part)), part) for name, part in self.parts.items()]
        # a class stands without a default, since its positional fields have none
        tree = make_dataclass("Command", [each[:2] if isinstance(each[2], type) else each for each in named],
                              frozen=True, kw_only=True)
        complaint = io.StringIO()
        with contextlib.redirect_stderr(complaint):
            try:
                return tyro.cli(tree, args=words, prog=self.prog, description=self.about, config=_CONFIG)
            except SystemExit as leaving:
                if leaving.code in (0, None):
                    raise
        raise InputError("flags", " ".join(words), f"as `{self.prog} --help` shows", _text_of(complaint.getvalue()))


_CONFIG = (tyro.conf.DisallowNone, tyro.conf.HelptextFromCommentsOff)


@dataclass
class Scan:
    """What a first look at the arguments finds: the words that are right, and an error for each that is not."""

    words: list[str]
    given: dict[str, Any]
    errors: list[InputError]
    help: bool = False
    missing: str = ""


def options(cls: Any, verb: str, args: Sequence[str]) -> Any:
    """The options of a verb that has no recipe.

    Errors: `InputError`, or `InputErrors` with all of them.
    """
    from genloom.recipes.rules import raise_all

    command = Command(f"genloom {verb}", cls.__doc__, {OPTIONS: cls})
    found, parts = command.parse(args)
    raise_all(found.errors)
    return parts[OPTIONS]


def scan(command: Command, args: Sequence[str]) -> Scan:
    """Check every word: names with a suggestion, values by their types."""
    known, places = _flags(command.parts)
    found = Scan([], {}, [])
    words = list(args)
    while words:
        word = words.pop(0)
        if word in ("-h", "--help"):
            found.help = True
        elif _is_flag(word):
            _scan_flag(command, known, word, words, found)
        elif places:
            _take(found, places.pop(0), word, [word], [])
        else:
            near = get_close_matches(f"--{word}", known, n=1, cutoff=0.7)
            found.errors.append(InputError("argument", word, "a flag", f"did you mean {near[0]}?" if near else
                                           f"see `{command.prog} --help`"))
    needed = [name for part in command.parts.values() for name in _required(_class(part))]
    required = [leaf for leaf in places if leaf.name in needed]
    found.missing = required[0].name.upper() if required and not found.help else ""
    return found


def peek(args: Sequence[str], flag: str) -> str | None:
    """The value of one flag, before all of them are known."""
    for word, after in zip(args, [*args[1:], None], strict=False):
        name, equals, text = word.partition("=")
        if name.replace("_", "-") == flag:
            return text if equals else after
    return None


def _scan_flag(command: Command, known: Mapping[str, Leaf], word: str, words: list[str], found: Scan) -> None:
    name, equals, text = word.partition("=")
    name = name.replace("_", "-")
    if name not in known:
        while words and not _is_flag(words[0]):
            words.pop(0)  # its value
        near = get_close_matches(name, [*known, *command.also], n=1, cutoff=0.6) or _ending(name, known)
        found.errors.append(InputError("flag", name, f"one that `{command.prog} --help` shows",
                                       f"did you mean {near[0]}?" if near else ""))
        return
    leaf = known[name]
    if leaf.hint is bool:
        values = [text] if equals else []
    elif equals:
        values = [text]
    else:
        values = [words.pop(0)] if words and not _is_flag(words[0]) else []
        while values and get_origin(leaf.hint) is tuple and words and not _is_flag(words[0]):
            values.append(words.pop(0))
    _take(found, leaf, name, [name, *values], values)


def _take(found: Scan, leaf: Leaf, shown: str, words: list[str], values: list[str]) -> None:
    """Accept a flag or a positional word, or note what is wrong with it."""
    try:
        if leaf.name in found.given:
            raise InputError("flag", shown, "given once", "it stands there twice")
        if leaf.hint is bool and values:
            raise InputError(shown, values[0], "given without a value")
        if leaf.hint is bool:
            found.given[leaf.name] = not shown.rpartition(".")[2].lstrip("-").startswith("no-")
        elif shown.startswith("--") and not values:
            raise InputError(shown, None, describe(leaf.hint), f"write {shown} VALUE")
        else:
            found.given[leaf.name] = _value(shown if values else leaf.name.upper(), leaf, values or words)
        found.words += words
    except InputError as error:
        found.errors.append(error)


def _value(shown: str, leaf: Leaf, values: list[str]) -> Any:
    if get_origin(leaf.hint) is tuple:
        kind = leaf.hint.__args__[0]
        return tuple(from_text(shown, kind, text) for text in values)
    return from_text(shown, leaf.hint, values[0])


def _flags(parts: Mapping[str, Any]) -> tuple[dict[str, Leaf], list[Leaf]]:
    """The leaf behind every flag, and the positional leaves in their order."""
    known, places = {}, []
    for prefix, part in parts.items():
        for leaf in leaves(_class(part)):
            if tyro.conf.Positional in leaf.marks:
                places.append(leaf)
                continue
            path = leaf.path if prefix in _BARE else (prefix, *leaf.path)
            full = Leaf(path, leaf.hint, leaf.marks, leaf.help, leaf.owner)
            *groups, last = (name.replace("_", "-") for name in path)
            last = next((mark.name for mark in leaf.marks if getattr(mark, "name", None)), last)
            known["--" + ".".join([*groups, last])] = full
            if leaf.hint is bool and prefix != OPTIONS:
                known["--" + ".".join([*groups, f"no-{last}"])] = full
    return known, places


def _required(cls: Any) -> list[str]:
    return [field.name for field in fields(cls) if field.default is field.default_factory is MISSING]


def _ending(name: str, known: Mapping[str, Leaf]) -> list[str]:
    """Flags whose last part is this name, so that --width finds --network.width."""
    last = name.lstrip("-").rpartition(".")[2]
    ends = {flag.rpartition(".")[2].lstrip("-"): flag for flag in known}
    near = get_close_matches(last, ends, n=1, cutoff=0.75)
    return [ends[near[0]]] if near else []


def _is_flag(word: str) -> bool:
    return word.startswith("--") or word == "-h" or (len(word) > 1 and word[0] == "-" and word[1].isalpha()
                                                    and word[1:].lower() not in ("inf", "nan", "infinity"))


def _annotated(prefix: str, cls: Any) -> Any:
    if prefix == OPTIONS:  # these flags are switches that are off: there is nothing to say no to
        return Annotated[cls, tyro.conf.arg(name=""), tyro.conf.FlagCreatePairsOff]
    if prefix in _BARE:
        return Annotated[cls, tyro.conf.arg(name="")]
    return Annotated[cls, tyro.conf.arg(name=prefix)]


def _class(part: Any) -> Any:
    return part if isinstance(part, type) else type(part)


def _text_of(box: str) -> str:
    return " ".join(box.translate(dict.fromkeys(map(ord, "╭╮╰╯│─"), " ")).split())
