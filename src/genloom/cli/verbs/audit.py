"""`genloom audit MODEL`: does a forecaster see the future, other samples or the test?"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from genloom.cli import flags, own_code, runs
from genloom.cli.output import Voice
from genloom.errors import InputError
from genloom.report.numbers import number

if TYPE_CHECKING:
    from genloom.forecasting.audit.check import Check


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checks that catch a forecaster's leaks of the future, of the batch and of the test: of a trained run, or of any
    torch module that is called as model(x, x_marks, y_marks, y=None), whose file is run: pass only what you trust."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run, or FILE.py:NAME of a module, or of a class or function that makes one; its arguments lookback,
    horizon, channels and marks are filled in."""
    prepare: str = ""
    """Name of a function in FILE.py that prepares data, (values (N, C), training rows) to values (N, C), as arrays."""
    source: str = "transformer"
    """Series for a module: transformer, which is simulated, etth1, or a CSV or Parquet file."""
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
    options = flags.options(Options, "audit", args)
    if options.windows < 2:
        raise InputError("--windows", options.windows, "at least 2", "pass --windows 8")
    voice = Voice(json=options.json)
    own = own_code.split(str(options.run))
    checks = _of_run(options, voice) if own is None else _of_file(options, voice, *own)
    failed = [check for check in checks if check.verdict == "fail"]
    voice.table(("check", "verdict", "number", "at most", "what was done"), [_row(check) for check in checks])
    voice.answer({"model": str(options.run), "failed": len(failed), "checks": [asdict(check) for check in checks]},
                 *_words(checks))
    return 1 if failed else 0


def _of_run(options: Options, voice: Voice) -> "tuple[Check, ...]":
    from genloom.recipes import registry

    made = runs.trained(options, voice, "checking")
    if registry.family_of(made.experiment.recipe) != "forecaster":
        raise InputError("RUN", str(options.run), "the run of a forecaster, or FILE.py:NAME",
                         "train one with `genloom train forecaster --data.csv FILE`")
    from genloom.recipes.audit_forecaster import audit_run

    return audit_run(made.experiment, made.networks, options.run,  # type: ignore[arg-type]
                     count=options.windows, seed=options.seed)


def _of_file(options: Options, voice: Voice, path: Path, name: str) -> "tuple[Check, ...]":
    import torch

    from genloom import machine
    from genloom.data.series.borders import borders
    from genloom.data.series.read import read_series
    from genloom.forecasting.audit.whole import audit
    from genloom.recipes.audit_module import prepared

    series = read_series(options.source, data_root=options.data_root)
    split = borders(series, lookback=options.lookback, horizon=options.horizon)
    voice.say(f"running {path}, and checking its {name} on {series.description or options.source} …")
    machine.prepare(options.threads)
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
