"""`genloom forecast RUN`: what comes after the end of the data, or after any time, with intervals."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.cli import flags, runs
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice
from genloom.errors import InputError
from genloom.recipes import registry


@dataclass(frozen=True, kw_only=True)
class Options:
    """The forecast of a trained run in the series' own unit, with intervals and beside the seasonal naive one, as CSV,
    JSON and a picture."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run."""
    start: Annotated[str, tyro.conf.arg(name="from")] = ""
    """Time of the first row to forecast, such as 2018-06-26T20:00:00; without it the row after the last one."""
    level: float | None = None
    """Coverage of the intervals; without it that of the recipe."""
    checkpoint: str = ""
    """best, last or a step; without it the best where there is one, else the last."""
    out: Path | None = None
    """Folder for the forecast; without it RUN/forecasts/forecast-1, -2, and so on."""
    data_root: Path | None = None
    """Folder of real data sets, where they have moved."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    quiet: bool = False
    """Print only the paths, and errors."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Forecast and write it down."""
    options = flags.options(Options, "forecast", args)
    if options.level is not None and not 0 < options.level < 1:
        raise InputError("--level", options.level, "between 0 and 1", "pass --level 0.9")
    if options.out is not None:
        runs.refuse_filled(options.out)
    voice = Voice(quiet=options.quiet, json=options.json)
    made = runs.trained(options, voice, "forecasting with")
    if registry.family_of(made.experiment.recipe) != "forecaster":
        raise InputError("RUN", str(options.run), "the run of a forecaster",
                         "train one with `genloom train forecaster --data.csv FILE`")
    from genloom.recipes import ahead

    with saved_in(options.run):
        found = ahead.ahead(made.experiment, made.networks, options.start, options.level)  # type: ignore[arg-type]
        folder = options.out or runs.next_free(options.run / "forecasts", "forecast")
        paths = ahead.write(found, folder, runs.provenance(made, 0, command(options, made.loaded.step,
                                                                         str(found.times[0]))))
    voice.say(f"{len(found.times)} rows of {len(found.channels)} channels from {found.times[0]} to {found.times[-1]}",
              f"{100 * found.level:g} % intervals by {found.how}")
    voice.answer({"run": str(options.run), "checkpoint": made.loaded.step, "from": str(found.times[0]),
                  "to": str(found.times[-1]), "level": found.level, "interval": found.how,
                  "files": [str(path) for path in paths]}, *(f"forecast    {path}" for path in paths))
    voice.say("next:", f"  genloom inspect {runs.quoted(paths[-1])}", f"  {made.again('audit')}")
    return 0


def command(options: Options, step: int, start: str = "") -> str:
    """The command that makes the same forecast again, whatever is trained since, or added to the file.

    start   time of the first row that was forecast
    """
    words = ["genloom", "forecast", str(options.run), "--checkpoint", str(step)]
    words += ["--from", start] if start else []
    return shlex.join([*words, *(["--level", f"{options.level:g}"] if options.level is not None else [])])
