"""What is made of a trained run: final samples, numbers and the report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genloom.cli.output import Voice
from genloom.cli.runs import Trained, provenance, quoted
from genloom.recipes.experiment import SampleRequest

if TYPE_CHECKING:
    from pathlib import Path

    from genloom.report.results import Item, Page, Result


def all_of(made: Trained, voice: Voice) -> dict[str, Any]:
    """Draw the recipe's own samples, evaluate, write the report; paths and numbers for the last words."""
    voice.say("drawing samples, evaluating, writing the report …")
    command = f"genloom sample {quoted(made.run.path)} --checkpoint {made.loaded.step}"
    folder = made.run.path / "samples" / "final"
    folder.mkdir(parents=True, exist_ok=True)
    samples = made.experiment.sample(made.networks, SampleRequest(), folder, provenance(made, 0, command))
    results = made.experiment.evaluate(made.networks)
    show(results, voice)
    _, path = report(made, results)
    return {"samples": [str(each) for each in samples], "report": str(path), "results": as_json(results)}


def report(made: Trained, results: "Sequence[Result]") -> "tuple[Page, Path]":
    """Write report.html and results.json of a run, with these numbers first."""
    from genloom.report.page import write_page

    figures = made.run.path / "figures"
    figures.mkdir(exist_ok=True)
    items = made.experiment.items(made.networks, made.run.path, figures)
    page = page_of(made, (_numbers(results), *items))
    return page, write_page(page, made.run.path)


def page_of(made: Trained, items: "tuple[Item, ...]") -> "Page":
    """The report of a run with these sections."""
    from genloom import machine
    from genloom.report.results import Page

    recipe, status = made.experiment.recipe, made.run.status
    finished = status.get("state") == "finished"
    here = machine.environment()
    averaged = ", averaged weights" if made.loaded.averaged else ""
    facts = (*made.experiment.facts(), ("seed", str(recipe.engine.seed)),
             ("checkpoint", f"step {made.loaded.step}{averaged}, sha256 {made.loaded.digest[:16]}"),
             ("device", str(here["device"])), ("versions", ", ".join(f"{k} {v}" for k, v in here["packages"].items())))
    name = quoted(made.run.path)
    return Page(title=recipe.name, kind="run", name=made.run.path.name, summary=recipe.summary, facts=facts,
                items=items, complete=finished, notice="" if finished else _notice(status),
                next_commands=(f"genloom sample {name} --count 1000 --seed 1", f"genloom evaluate {name}"))


def keep(made: Trained, results: "Sequence[Result]") -> "Path":
    """Put the numbers into results.json, beside the sections that a report wrote there."""
    from genloom.errors import DataError
    from genloom.report.results import read_results, write_results

    path = made.run.path / "results.json"
    numbers = _numbers(results)
    try:
        others = tuple(item for item in read_results(path).items if item.number != numbers.number)
    except DataError:  # no report was written yet, or it was damaged
        others = ()
    return write_results(page_of(made, (numbers, *others)), path)


def show(results: "Sequence[Result]", voice: Voice) -> None:
    """Numbers beside their known answers, as a table."""
    from genloom.report import numbers, verdict

    rows = [(result.name, numbers.measured(result), numbers.known(result), result.known_name,
             verdict.result_badge(result).word) for result in results]
    if rows and not voice.quiet:
        voice.table(("number", "measured", "known", "which is", "verdict"), rows)


def as_json(results: "Sequence[Result]") -> list[Any]:
    """Numbers as JSON-ready data."""
    from dataclasses import asdict

    return [asdict(result) for result in results]


def _numbers(results: "Sequence[Result]") -> "Item":
    from genloom.report.results import Item

    return Item(number="0", title="Numbers beside their known answers", results=tuple(results))


def _notice(status: dict[str, Any]) -> str:
    reason = f": {status['reason']}" if status.get("reason") else ""
    return f"This run is {status.get('state')} at step {status.get('step')} of {status.get('steps', '?')}{reason}."
