"""What a person asked for: a recipe with their flags, checked whole before anything is read or computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, NoReturn

from genloom.cli.course import COURSE, SWITCHES, translated
from genloom.cli.flags import OPTIONS, Command, peek
from genloom.errors import DataError, InputError
from genloom.recipes import registry, rules
from genloom.training.options import Precision


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Flags of every recipe."""

    out: Path | None = None
    """Folder of the run; without it runs/RECIPE-1, -2, and so on."""
    tier: Literal["laptop", "gpu"] = "laptop"
    """laptop ends on two CPU cores in minutes; gpu is the source text's full setting."""
    data_root: Path | None = None
    """Folder of real data sets; without it $GENLOOM_DATA."""
    steps: int | None = None
    """The same as --engine.steps."""
    seed: int | None = None
    """The same as --engine.seed."""
    devices: int | None = None
    """The same as --engine.devices."""
    precision: Precision | None = None
    """The same as --engine.precision."""
    threads: int | None = None
    """The same as --engine.threads."""
    quiet: bool = False
    """Print only the paths at the end, and errors."""
    json: bool = False
    """Print JSON lines: progress, and at the end what was made."""


SHORT = ("steps", "seed", "devices", "precision", "threads")
"""Options that stand for fields of the engine."""

SHORTER = {"forecaster": {"--csv": "--data.csv", "--lookback": "--window.lookback", "--horizon": "--window.horizon"}}
"""Shorter names of a family's flags."""


@dataclass(frozen=True)
class Asked:
    """A recipe as it was asked for, and `base`, the named one that it started from."""

    options: TrainOptions
    recipe: Any
    base: Any


def asked(args: Sequence[str]) -> Asked:
    """The recipe that the words after `genloom train` describe.

    Errors: `SystemExit` after showing help; `InputError`, or `InputErrors` with all that is wrong.
    """
    named, rest = _split(args)
    if named is None:
        _without_recipe(rest)
    base = _base(named, peek(rest, "--tier"))
    course = registry.family_of(base) == "images"
    if course:
        rest = translated(rest)
    rest = [_whole(word, SHORTER.get(registry.family_of(base), {})) for word in rest]
    parts = {field.name: getattr(base, field.name) for field in fields(base)}
    chosen = {name: part for name, part in parts.items() if is_dataclass(part)}
    command = Command(f"genloom train {named}", base.summary, {OPTIONS: TrainOptions, **chosen},
                      (*COURSE, *SWITCHES) if course else ())
    found, values = command.parse(rest)
    options = values.pop(OPTIONS)
    errors = found.errors
    if Path(named).suffix in _FILES and "tier" in found.given:
        errors.append(InputError("--tier", options.tier, "left out with a recipe file"))
    errors += [InputError(f"--{name}", found.given[name], f"given once: --engine.{name} is the same")
               for name in SHORT if name in found.given and f"engine.{name}" in found.given]
    recipe = with_short(replace(base, **values), options)
    errors += rules.problems(recipe, relations=not errors)
    rules.raise_all(errors)
    return Asked(options, recipe, base)


def with_short(recipe: Any, options: Any) -> Any:
    """The recipe with the short options put into its engine."""
    short = {name: getattr(options, name) for name in SHORT if getattr(options, name, None) is not None}
    return replace(recipe, engine=replace(recipe.engine, **short))


def _whole(word: str, shorter: Mapping[str, str]) -> str:
    """The flag that a shorter one stands for; any other word as it is."""
    name, equals, value = word.partition("=")
    return f"{shorter[name]}{equals}{value}" if name in shorter else word


_FILES = (".yaml", ".yml")


def _split(args: Sequence[str]) -> tuple[str | None, list[str]]:
    """The name of the recipe, which comes first or is a known one, and the other words."""
    words = list(args)
    if words and not words[0].startswith("-"):
        return words[0], words[1:]
    for i, word in enumerate(words):
        if word in registry.RECIPES:
            return word, words[:i] + words[i + 1:]
    return None, words


def _base(named: str, tier: str | None) -> Any:
    if Path(named).suffix in _FILES:
        return _from_file(Path(named))
    return registry.recipe(named, tier if tier in registry.TIERS else "laptop")


def _from_file(path: Path) -> Any:
    from genloom.recipes.serial import LIMIT, from_yaml

    try:
        with path.open(encoding="utf-8") as file:
            return from_yaml(file.read(LIMIT + 1))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a recipe: {getattr(error, 'strerror', None) or error}") from None


def _without_recipe(words: list[str]) -> NoReturn:
    """Show the recipes where help is wanted, and say that none was named where it is not."""
    if not {"-h", "--help"} & set(words):
        raise InputError("RECIPE", None, f"one of {', '.join(registry.RECIPES)}, or a recipe.yaml",
                         "try `genloom train ve-square`")
    width = max(map(len, registry.RECIPES))
    listed = [f"  genloom train {name:<{width}}  {entry.summary}" for name, entry in registry.RECIPES.items()]
    print("Train a recipe:", "", *listed, "", "`genloom train RECIPE --help` shows every flag of one; all have these:",
          "", sep="\n", flush=True)
    Command("genloom train RECIPE", "Train a recipe.", {OPTIONS: TrainOptions}).show_help()
    raise SystemExit(0)
