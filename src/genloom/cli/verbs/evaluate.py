"""`genloom evaluate RUN`: every metric that applies, each beside its known answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.cli import flags, runs, written
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice


@dataclass(frozen=True, kw_only=True)
class Options:
    """Every metric that applies to a run, each beside its floor, baseline or exact answer."""

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
    """Evaluate, show, and keep the numbers in results.json."""
    options = flags.options(Options, "evaluate", args)
    voice = Voice(json=options.json)
    made = runs.trained(options, voice, "evaluating")
    with saved_in(options.run):
        results = made.experiment.evaluate(made.networks)
        path = written.keep(made, results)
    written.show(results, voice)
    voice.answer({"run": str(options.run), "checkpoint": made.loaded.step, "results": written.as_json(results)},
                 f"results     {path}", "next:", f"  genloom report {runs.quoted(options.run)}")
    return 0
