"""`genloom bench NAME`: genloom and its peers on the same work, in one run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.benchmarks.registry import BENCHMARKS, Entry, benchmark
from genloom.cli import flags
from genloom.cli.output import Voice, aligned
from genloom.errors import InputError
from genloom.recipes.registry import resolve


@dataclass(frozen=True, kw_only=True)
class Options:
    """genloom and its peers on the same work in one run: ratios."""

    name: Annotated[str, tyro.conf.Positional] = ""
    """Name of a benchmark; without it all are listed."""
    out: Path = Path("bench")
    """Folder for the results."""
    pairs: int = 5
    """How often each side is run, in turns."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """List the benchmarks or run one."""
    options = flags.options(Options, "bench", args)
    voice = Voice(json=options.json)
    if options.name:
        return _run(options, benchmark(options.name), voice)
    summaries = {name: entry.summary for name, entry in BENCHMARKS.items()}
    voice.answer(summaries, *aligned(list(summaries.items())), "Next: genloom bench NAME")
    return 0


def _run(options: Options, entry: Entry, voice: Voice) -> int:
    from genloom.cli import written
    from genloom.report.page import write_page

    if options.pairs < 1:
        raise InputError("--pairs", options.pairs, "at least 1")
    voice.say(f"{options.name}: {entry.summary} …")
    page = resolve(entry.function)(options.pairs, voice.say)
    path = write_page(page, options.out)
    results = [result for item in page.items for result in item.results]
    written.show(results, voice)
    voice.answer({"report": str(path), "results": written.as_json(results)}, f"report      {path}")
    return 0
