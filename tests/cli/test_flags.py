"""Flags: names with suggestions, values by type, all mistakes at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest
import tyro

from genloom.cli import flags
from genloom.cli.flags import OPTIONS, Command
from genloom.errors import InputError, InputErrors


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part."""

    width: int = 3
    """How wide."""
    sizes: tuple[int, ...] = (1, 2)
    """Some sizes."""
    deep: bool = True
    """Whether deep."""
    learning_rate: float = 0.1
    """A rate."""


@dataclass(frozen=True, kw_only=True)
class Own:
    """Own options."""

    place: Annotated[Path, tyro.conf.Positional]
    """Where."""
    kind: Literal["red", "green"] = "red"
    """Which."""
    count: int | None = None
    """How many."""
    quiet: bool = False
    """Say less."""


@dataclass(frozen=True, kw_only=True)
class Free:
    """Nothing is needed."""

    name: Annotated[str, tyro.conf.Positional] = "all"
    """Which."""
    inner: Part = field(default_factory=Part)


COMMAND = Command("genloom try", "Try.", {OPTIONS: Own, "part": Part(width=7)})


def parsed(*words: str) -> tuple[Own, Part]:
    found, parts = COMMAND.parse(words)
    if found.errors:
        raise InputErrors(found.errors)
    return parts[OPTIONS], parts["part"]


def test_defaults_are_those_of_the_instance() -> None:
    assert parsed("here") == (Own(place=Path("here")), Part(width=7))


@pytest.mark.parametrize("words", [
    ("here", "--kind", "green", "--part.width", "5", "--count", "-2", "--quiet", "--part.sizes", "4", "5"),
    ("--kind=green", "--part.width=5", "--count=-2", "here", "--part.sizes", "4", "5", "--quiet"),
    ("--part.sizes", "4", "5", "--quiet", "--kind", "green", "here", "--part.width", "5", "--count", "-2")])
def test_order_and_equals_signs_do_not_matter(words: tuple[str, ...]) -> None:
    assert parsed(*words) == (Own(place=Path("here"), kind="green", count=-2, quiet=True), Part(width=5, sizes=(4, 5)))


def test_underscores_are_hyphens_and_switches_have_a_no() -> None:
    _, part = parsed("here", "--part.learning_rate", "1e-3", "--part.no-deep")
    assert part == Part(width=7, learning_rate=1e-3, deep=False)
    assert parsed("here", "--part.learning-rate", ".5", "--part.deep")[1] == Part(width=7, learning_rate=0.5)


@pytest.mark.parametrize(("words", "said"), [
    ("--kidn green", "flag = '--kidn'.*`genloom try --help`.*did you mean --kind?"),
    ("--part.widht 3", "did you mean --part.width?"), ("--width 3", "did you mean --part.width?"),
    ("--part.width 3.5", "--part.width = '3.5': must be a whole number"), ("--part.width", "write --part.width VALUE"),
    ("--part.width --quiet", "write --part.width VALUE"), ("--kind gren", "did you mean 'green'?"),
    ("--part.learning-rate nan", "a finite number"), ("--quiet=yes", "without a value"), ("-q", "flag = '-q'"),
    ("there", "argument = 'there'"), ("kind", "did you mean --kind?"), ("--count 1 --count 2", "twice"),
    ("--part.sizes 1 x", "--part.sizes = 'x'"), ("--", "flag = '--'")])
def test_mistakes_are_named_with_a_remedy(words: str, said: str) -> None:
    with pytest.raises(InputErrors, match=said.replace("?", r"\?")) as caught:
        parsed("here", *words.split())
    assert len(caught.value.errors) == 1


def test_all_mistakes_at_once() -> None:
    with pytest.raises(InputErrors, match="3 problems"):
        parsed("here", "--kidn", "green", "--part.width", "x", "--count", "y")


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(InputError, match="PLACE = None: must be given"):
        parsed("--quiet")


def test_own_flags_of_a_study_have_no_prefix_either() -> None:
    _, parts = Command("genloom try", "Try.", {OPTIONS: Own, flags.OWN: Free(inner=Part(width=7))}).parse(
        ["here", "--quiet", "--inner.width", "9", "--inner.no-deep"])
    assert parts[OPTIONS].quiet
    assert (parts[flags.OWN].inner.width, parts[flags.OWN].inner.deep) == (9, False)
    found, kept = Command("genloom try", "Try.", {OPTIONS: Own, flags.OWN: Part()}).parse(
        ["here", "--width", "9", "--widht", "3"])
    assert len(found.errors) == 1
    assert kept[flags.OWN].width == 9, "what is right is kept for further checks"


def test_help_shows_every_flag_with_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        parsed("--help")
    assert leaving.value.code == 0
    said = capsys.readouterr().out
    for text in ("genloom try", "--kind {red,green}", "Which.", "--part.learning-rate", "How wide. (default: 7)",
                 "Where."):
        assert text in said
    assert "--no-quiet" not in said


def test_options_of_a_verb() -> None:
    assert flags.options(Free, "try", ["x", "--inner.width", "4"]) == Free(name="x", inner=Part(width=4))
    assert flags.options(Free, "try", []) == Free()
    with pytest.raises(InputError, match="a whole number"):
        flags.options(Free, "try", ["--inner.width", "x"])


def test_peek_finds_a_value_before_all_flags_are_known() -> None:
    assert flags.peek(["--a", "1", "--b_c=2"], "--b-c") == "2"
    assert flags.peek(["--a", "1"], "--a") == "1"
    assert flags.peek(["--a"], "--a") is None
    assert flags.peek([], "--a") is None


def test_a_field_may_have_a_flag_that_is_no_name_in_python() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Named:
        """Options with a named flag."""

        start: Annotated[str, tyro.conf.arg(name="from")] = ""
        """Where to start."""

    assert flags.options(Named, "try", ["--from", "here"]).start == "here"
    with pytest.raises(InputError, match="did you mean --from"):
        flags.options(Named, "try", ["--form", "here"])
