"""`genloom inspect IMAGE`: what a picture was made of, and the command that makes it again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.cli import flags, runs
from genloom.cli.output import Voice, aligned

_LONG = "recipe.yaml"


@dataclass(frozen=True, kw_only=True)
class Options:
    """The recipe, seed, checkpoint and command behind a picture."""

    image: Annotated[Path, tyro.conf.Positional]
    """A PNG that genloom made."""
    recipe: bool = False
    """Print the whole recipe as well, as `genloom train FILE.yaml` takes it."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Show what the picture's text says."""
    options = flags.options(Options, "inspect", args)
    found = dict(runs.read_picture(options.image))
    lines = aligned([(key, " ".join(text.split())) for key, text in found.items() if key != _LONG])
    if options.recipe and _LONG in found:
        lines += ["", found[_LONG].rstrip()]
    Voice(json=options.json).answer(found, *lines)
    return 0
