"""`genloom evaluate RUN`: every metric that applies, each beside its known answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.cli import flags, runs, shipped, written
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice


@dataclass(frozen=True, kw_only=True)
class Options:
    """Every metric that applies to a run, or to a model that comes with genloom, each beside its floor, baseline or
    exact answer."""

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
    """Evaluate, show, and keep the numbers in results.json."""
    options = flags.options(Options, "evaluate", args)
    voice = Voice(json=options.json)
    made = runs.trained(options, voice, "evaluating")
    with shipped.at(made, options.out) as here, saved_in(here.run.path):
        results = made.experiment.evaluate(made.networks)
        path = written.keep(here, results)
    written.show(results, voice)
    voice.answer({"run": str(options.run), "checkpoint": made.loaded.step, "results": written.as_json(results)},
                 f"results     {path}", "next:", f"  genloom report {made.word}")
    return 0
