"""`genloom audit MODEL`: does a forecaster see the future, other samples or the test?"""

import contextlib
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from genloom.cli import flags, own_code, runs
from genloom.cli.output import Voice
from genloom.errors import InputError
from genloom.recipes import rules
from genloom.recipes.forecaster import Data, ForecasterRecipe
from genloom.report.numbers import number

if TYPE_CHECKING:
    from genloom.forecasting.audit.check import Check


_SERIES = ("transformer", "etth1")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checks that catch a forecaster's leaks of the future, of the batch and of the test: of a trained run, or of any
    torch module that is called as model(x, x_marks, y_marks, y=None), whose file is run: pass only what you trust."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run, or FILE.py:NAME of a module, or of a class or function that makes one; its arguments lookback,
    horizon, channels and marks are filled in."""
    prepare: str = ""
    """Name of a function in FILE.py that prepares data, (values (N, C), training rows) to values (N, C), as arrays."""
    source: str = ""
    """Series for a module: transformer, which is simulated, etth1, or a CSV or Parquet file; the --data flags are those
    of `genloom train forecaster`."""
    lookback: int = 96
    """Rows that a module sees."""
    horizon: int = 24
    """Rows that a module forecasts."""
    windows: int = 8
    """Windows of the test that are forecast."""
    seed: int = 0
    """Seed of the noise that is put in place of the future."""
    checkpoint: str = ""
    """best, last or a step; without it the best where there is one, else the last."""
    data_root: Path | None = None
    """Folder of real data sets, where they have moved."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Check and tell; 1 where a check fails."""
    options, asked = _asked(args)
    voice = Voice(json=options.json)
    own = own_code.split(str(options.run))
    checks = _of_run(options, voice) if own is None else _of_file(options, asked, voice, *own)
    failed = [check for check in checks if check.verdict == "fail"]
    voice.table(("check", "verdict", "number", "at most", "what was done"), [_row(check) for check in checks])
    voice.answer({"model": str(options.run), "failed": len(failed), "checks": [asdict(check) for check in checks]},
                 *_words(checks))
    return 1 if failed else 0


def _asked(args: list[str]) -> tuple[Options, ForecasterRecipe]:
    """The options, and a recipe whose data and window are those of a module."""
    command = flags.Command("genloom audit", Options.__doc__ or "", {flags.OPTIONS: Options, "data": Data()})
    found, parts = command.parse(args)
    options: Options = parts[flags.OPTIONS]
    data: Data = parts["data"]
    if options.source:
        named = {"source": options.source} if options.source in _SERIES else {"csv": options.source}
        data = replace(data, **named)  # type: ignore[arg-type]
    recipe = ForecasterRecipe(name="audit", summary="the series of a module", data=data)
    errors = [*found.errors, *rules.problems(recipe, relations=not found.errors)]
    if options.windows < 2:
        errors.append(InputError("--windows", options.windows, "at least 2", "pass --windows 8"))
    if options.source and data.csv and parts["data"].csv:
        errors.append(InputError("--source", options.source, "left out where there is --data.csv"))
    rules.raise_all(errors)
    return options, replace(recipe, window=replace(recipe.window, lookback=options.lookback, horizon=options.horizon))


def _of_run(options: Options, voice: Voice) -> "tuple[Check, ...]":
    from genloom.recipes import registry

    made = runs.trained(options, voice, "checking")
    if registry.family_of(made.experiment.recipe) != "forecaster":
        raise InputError("RUN", str(options.run), "the run of a forecaster, or FILE.py:NAME",
                         "train one with `genloom train forecaster --data.csv FILE`")
    from genloom.recipes.audit_forecaster import audit_run

    return audit_run(made.experiment, made.networks, options.run,  # type: ignore[arg-type]
                     count=options.windows, seed=options.seed)


def _of_file(options: Options, asked: ForecasterRecipe, voice: Voice, path: Path, name: str) -> "tuple[Check, ...]":
    import torch

    from genloom import machine
    from genloom.forecasting.audit.whole import audit
    from genloom.recipes.audit_module import prepared
    from genloom.recipes.forecaster_parts import make_borders, make_series

    series = make_series(asked.data, options.data_root)
    split = make_borders(asked, series)
    voice.say(f"running {path}, and checking its {name} on {series.description} …")
    machine.prepare(options.threads)
    with contextlib.redirect_stdout(sys.stderr):  # what the reader's code prints is no part of the answer
        module = own_code.load(path)
        own = own_code.named(module, options.prepare) if options.prepare else None
        data, windows = prepared(series, split, options.lookback, options.horizon, own)
        torch.manual_seed(options.seed)
        sizes = {"lookback": options.lookback, "horizon": options.horizon, "channels": windows.channels,
                 "marks": windows.marks.shape[1]}
        model = own_code.make_model(own_code.named(module, name), sizes)
        return audit(model, windows, data=data if own else None, count=options.windows, seed=options.seed)


def _row(check: "Check") -> tuple[str, ...]:
    if check.number is None:
        return check.name, check.verdict, "—", "—", check.done
    return check.name, check.verdict, number(check.number, 2), number(check.tolerance, 2), check.done


def _words(checks: "tuple[Check, ...]") -> list[str]:
    """What failed, each with its remedy, and the sum."""
    lines = [f"{check.name}: {check.said}" + (f"; {check.remedy}" if check.remedy else "")
             for check in checks if check.verdict in ("fail", "unclear")]
    counts = {verdict: sum(check.verdict == verdict for check in checks)
              for verdict in ("pass", "fail", "unclear", "not asked")}
    return [*lines, ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)]
