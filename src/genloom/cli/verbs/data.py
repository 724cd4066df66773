"""`genloom data [NAME]`: what data there are, their origins, checksums and licences; fetch or draw them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from genloom.cli import flags
from genloom.cli.output import Voice, aligned
from genloom.data import sources
from genloom.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Options:
    """What data there are, their origins, checksums and licences; with --fetch, get one; with --count, draw scenes."""

    name: Annotated[str, tyro.conf.Positional] = ""
    """Name of a data set; without it all are listed."""
    fetch: bool = False
    """Download its files and check them."""
    out: Path | None = None
    """Folder for what is fetched, without it the cache folder of the system; or for drawn scenes."""
    count: int = 0
    """Draw so many scenes, of three pictures each, in the layout of i-CLEVR."""
    seed: int = 0
    """What is drawn; the same seed gives the same pictures."""
    size: int = 64
    """Width and height of drawn pictures."""
    look: Literal["iclevr", "clevr"] = "iclevr"
    """iclevr is large rubber objects; clevr has two sizes, two materials and a camera that moves."""
    without: tuple[str, ...] = ()
    """Label sets, each as "red cube, blue sphere", that no drawn picture shows."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """List, describe, fetch or draw."""
    options = flags.options(Options, "data", args)
    voice = Voice(json=options.json)
    if options.count:
        return _draw(options, voice)
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


def _draw(options: Options, voice: Voice) -> int:
    if options.name != "scenes":
        raise InputError("--count", options.count, "given with the data set scenes",
                         "genloom data scenes --out DIR --count 1000")
    if options.out is None:
        raise InputError("--out", None, "a new or an empty folder", "genloom data scenes --out DIR --count 1000")
    from genloom.data.scenes import CLEVR, ICLEVR, write_scenes

    voice.say(f"drawing {options.count:,} scenes …")
    written = write_scenes(options.out, options.count, options.seed, size=options.size, without=options.without,
                           look=ICLEVR if options.look == "iclevr" else CLEVR)
    recipe = f"genloom train ddpm-images --data.source iclevr --data.folder {options.out}"
    voice.answer({"folder": str(options.out), "pictures": written},
                 f"{options.out}: {written:,} pictures with train.json, test.json, new_test.json and objects.json",
                 f"Next: {recipe}")
    return 0
