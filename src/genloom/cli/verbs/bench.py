"""`genloom bench NAME`: genloom and its peers on the same work, in one run."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import tyro

from genloom.cli import flags
from genloom.cli.output import Voice, aligned
from genloom.errors import NotHere, UnknownName


@dataclass(frozen=True, kw_only=True)
class Options:
    """genloom and its peers on the same work in one run: ratios."""

    name: Annotated[str, tyro.conf.Positional] = ""
    """Name of a benchmark; without it all are listed."""
    out: Path = Path("bench")
    """Folder for the results."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    json: bool = False
    """Print JSON."""


_REGISTRY = "genloom.benchmarks.registry"


def run(args: list[str]) -> int:
    """List the benchmarks or run one."""
    options = flags.options(Options, "bench", args)
    if find_spec("genloom.benchmarks") is None or find_spec(_REGISTRY) is None:
        raise NotHere("there are no benchmarks in this installation")
    benchmarks: dict[str, Any] = import_module(_REGISTRY).BENCHMARKS
    voice = Voice(json=options.json)
    if not options.name:
        summaries = {name: entry.summary for name, entry in benchmarks.items()}
        voice.answer(summaries, *aligned(list(summaries.items())), "Next: genloom bench NAME")
        return 0
    if options.name not in benchmarks:
        raise UnknownName("benchmark", options.name, list(benchmarks))
    return _run(options, benchmarks[options.name], voice)


def _run(options: Options, entry: Any, voice: Voice) -> int:
    from genloom import machine
    from genloom.cli import written
    from genloom.recipes.registry import resolve
    from genloom.report.page import write_page

    machine.prepare(options.threads)
    voice.say(f"{options.name}: {entry.summary} …")
    page = resolve(entry.function)(options.out)
    path = write_page(page, options.out)
    results = [result for item in page.items for result in item.results]
    written.show(results, voice)
    voice.answer({"report": str(path), "results": written.as_json(results)}, f"report      {path}")
    return 0
