"""`genloom report RUN`: write the page of a run again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.cli import flags, runs, shipped, written
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice


@dataclass(frozen=True, kw_only=True)
class Options:
    """Write the page of a run again, or that of a model that comes with genloom, with its pictures and numbers."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run, or the name of a model that comes with genloom."""
    checkpoint: str = ""
    """best, last or a step; without it the best where there is one, else the last."""
    out: Path | None = None
    """Folder for what is made of a model that comes with genloom; without it reports/NAME-1, -2, and so on."""
    data_root: Path | None = None
    """Folder of real data sets, where they have moved."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Write report.html and results.json."""
    options = flags.options(Options, "report", args)
    voice = Voice(json=options.json)
    made = runs.trained(options, voice, "writing the report of")
    with shipped.at(made, options.out) as here, saved_in(here.run.path):
        page, path = written.report(here, made.experiment.evaluate(made.networks))
    voice.answer({"run": str(options.run), "report": str(path), "complete": page.complete}, f"report      {path}")
    return 0
