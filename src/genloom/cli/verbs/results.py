"""`genloom results PATH`: the numbers of a run or a study, as they were measured."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.cli import flags, written
from genloom.cli.output import Voice
from genloom.errors import RunError


@dataclass(frozen=True, kw_only=True)
class Options:
    """The numbers of a run or a study, each beside its known answer."""

    path: Annotated[Path, tyro.conf.Positional]
    """Folder of a run or a study, or its results.json."""
    json: bool = False
    """Print all that results.json says."""
    markdown: bool = False
    """Print a table for a document."""


def run(args: list[str]) -> int:
    """Show results.json."""
    options = flags.options(Options, "results", args)
    path = options.path / "results.json" if options.path.is_dir() else options.path
    if not path.is_file():
        raise RunError(f"{options.path} has no results.json; `genloom evaluate {options.path}` measures a run")
    from genloom.report import results, verdict

    page = results.read_results(path)
    if options.markdown:
        from genloom.report.markdown import tables

        print(tables(page))
        return 0
    voice = Voice(json=options.json)
    voice.say(f"{page.kind} {page.name}: {page.title}", *(f"warning: {each}" for each in verdict.problems(page)))
    written.show([result for item in page.items for result in item.results], voice)
    voice.answer(results.to_json(page), verdict.headline(page))
    return 0
