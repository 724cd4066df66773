"""`genloom report RUN`: write the page of a run again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.cli import flags, runs, written
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice


@dataclass(frozen=True, kw_only=True)
class Options:
    """Write the page of a run again, with its pictures and numbers."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run."""
    checkpoint: str = ""
    """best, last or a step; without it the best where there is one, else the last."""
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
    with saved_in(options.run):
        page, path = written.report(made, made.experiment.evaluate(made.networks))
    voice.answer({"run": str(options.run), "report": str(path), "complete": page.complete}, f"report      {path}")
    return 0
