"""`genloom data [NAME]`: what data there are, where they come from, their checksums and licences; fetch them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.cli import flags
from genloom.cli.output import Voice, aligned
from genloom.data import sources
from genloom.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Options:
    """What data there are, where they come from, their checksums and licences; with --fetch, get one."""

    name: Annotated[str, tyro.conf.Positional] = ""
    """Name of a data set; without it all are listed."""
    fetch: bool = False
    """Download its files and check them."""
    out: Path | None = None
    """Folder for what is fetched; without it the cache folder of the system."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """List, describe or fetch."""
    options = flags.options(Options, "data", args)
    voice = Voice(json=options.json)
    if not options.name:
        return _list(options, voice)
    facts = sources.describe(options.name)
    if not options.fetch:
        voice.answer(facts, *aligned(facts))
        return 0
    from genloom.data.store import fetch

    voice.say(f"fetching {options.name} …")
    paths = fetch(options.name, options.out)
    voice.answer({name: str(path) for name, path in paths.items()}, *map(str, paths.values()))
    return 0


def _list(options: Options, voice: Voice) -> int:
    if options.fetch:
        raise InputError("--fetch", True, "given with the name of a data set", "see `genloom data`")
    rows = sources.list_sources()
    header = ("name", "kind", "MB", "licence", "what")
    voice.table(header, [(row.name, row.kind, f"{row.megabytes:.1f}", row.licence, row.summary) for row in rows])
    voice.answer([row._asdict() for row in rows],
                 "Next: genloom data NAME · genloom data NAME --fetch")
    return 0
