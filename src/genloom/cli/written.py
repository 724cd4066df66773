"""What is made of a trained run: final samples, numbers and the report."""

from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from genloom.cli.output import Voice
from genloom.cli.runs import Trained, provenance
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.fields import differences
from genloom.recipes.places import JUDGES, PLACES, TEXT, is_place
from genloom.recipes.registry import RECIPES, draws
from genloom.recipes.registry import recipe as named

if TYPE_CHECKING:
    from pathlib import Path

    from genloom.report.results import Item, Page, Result

_MOST = 250  # characters of what was changed


def all_of(made: Trained, voice: Voice) -> dict[str, Any]:
    """Draw the recipe's own samples, evaluate, write the report; paths and numbers for the last words."""
    drawing = draws(made.experiment.recipe)
    voice.say(f"{'drawing samples, ' if drawing else ''}evaluating, writing the report …")
    samples = _final_samples(made) if drawing else []
    results = made.experiment.evaluate(made.networks)
    show(results, voice)
    _, path = report(made, results)
    return {"samples": [str(each) for each in samples], "report": str(path), "results": as_json(results)}


def _final_samples(made: Trained) -> "list[Path]":
    command = made.again("sample")
    folder = made.run.path / "samples" / "final"
    folder.mkdir(parents=True, exist_ok=True)
    return made.experiment.sample(made.networks, SampleRequest(), folder, provenance(made, 0, command))


def report(made: Trained, results: "Sequence[Result]") -> "tuple[Page, Path]":
    """Write report.html and results.json of a run, with these numbers first."""
    from genloom.report.page import write_page
    from genloom.report.run_page import numbers_item

    items = made.experiment.items(made.networks, made.run.path, provenance(made, 0, made.again("report")))
    page = page_of(made, (numbers_item(results), *items))
    return page, write_page(page, made.run.path)


def page_of(made: Trained, items: "tuple[Item, ...]") -> "Page":
    """The report of a run with these sections."""
    from genloom import machine
    from genloom.report.run_page import run_page

    recipe = made.experiment.recipe
    here = machine.environment()
    averaged = ", averaged weights" if made.loaded.averaged else ""
    facts = (*made.experiment.facts(), ("seed", str(recipe.engine.seed)),
             ("checkpoint", f"step {made.loaded.step}{averaged}, sha256 {made.loaded.digest[:16]}"),
             ("device", str(here["device"])), ("versions", ", ".join(f"{k} {v}" for k, v in here["packages"].items())),
             *_changed(recipe), *_origin(made))
    return run_page(made.run.path, title=recipe.name, summary=recipe.summary, facts=facts, status=made.run.status,
                    items=items, next_commands=following(recipe, made.word))


def _origin(made: Trained) -> tuple[tuple[str, str], ...]:
    """What came with genloom says so."""
    if not made.name:
        return ()
    from genloom.recipes import pretrained
    from genloom.recipes.shipped import said

    return (("model", f"{made.name} {said(pretrained.load(made.name))}"),)


def _changed(recipe: Any) -> tuple[tuple[str, str], ...]:
    """How a recipe differs from the named one, whose summary the page has; its files are named elsewhere."""
    if recipe.name not in RECIPES:
        return ()
    changed = ", ".join(f"{name} {mine}" for name, mine, _ in differences(recipe, named(recipe.name))
                        if name not in (*PLACES, *JUDGES) and not (name == TEXT and is_place(mine)))
    return (("changed", shorten(changed, _MOST, placeholder=" … (all in recipe.yaml)")),) if changed else ()


def following(recipe: Any, run: str) -> tuple[str, ...]:
    """What can be done with a trained run, whose path is given as a shell takes it."""
    usual = "{run} --count 1000 --seed 1" if draws(recipe) else "OTHER_RUN --classifier {run} --guidance 2"
    return getattr(recipe, "use", f"genloom sample {usual}").format(run=run), f"genloom evaluate {run}"


def keep(made: Trained, results: "Sequence[Result]") -> "Path":
    """Put the numbers into results.json, beside the sections that a report wrote there."""
    from genloom.errors import DataError
    from genloom.report.results import read_results, write_results
    from genloom.report.run_page import numbers_item

    path = made.run.path / "results.json"
    numbers = numbers_item(results)
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
