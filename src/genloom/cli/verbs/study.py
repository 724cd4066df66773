"""`genloom study NAME`: all deliverables of an assignment, and the report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from genloom.cli import flags
from genloom.errors import NotHere, UnknownName
from genloom.recipes.registry import STUDIES


@dataclass(frozen=True, kw_only=True)
class Options:
    """All deliverables of an assignment, each beside its known answer, and one page that holds them."""

    name: Annotated[str, tyro.conf.Positional]
    """Name of the study; `genloom list studies` shows all."""
    tier: Literal["laptop", "gpu"] = "laptop"
    """laptop ends on two CPU cores in minutes; gpu is the source text's full setting."""
    out: Path | None = None
    """Folder of the study; without it studies/NAME."""
    seed: int = 0
    """Seed of all that is trained and drawn."""
    only: str = ""
    """Deliverables to do, separated by commas, such as S2.3,S2.4; without it all of them."""
    data_root: Path | None = None
    """Folder of real data sets; without it $GENLOOM_DATA."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    quiet: bool = False
    """Print only the paths at the end, and errors."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Do a study."""
    options = flags.options(Options, "study", args)
    if options.name not in STUDIES:
        raise UnknownName("study", options.name, list(STUDIES))
    raise NotHere("x")
