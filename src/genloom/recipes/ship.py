"""From a trained run that judges to a checkpoint that comes with genloom, with a card of the run's own numbers."""

from pathlib import Path
from typing import NamedTuple

from genloom.data.sources import source
from genloom.errors import CheckpointError, InputError
from genloom.recipes import pretrained
from genloom.recipes.classifiers import ClassifierRecipe
from genloom.recipes.evaluator import EvaluatorRecipe
from genloom.recipes.serial import from_yaml
from genloom.recipes.show_classifiers import NOISE
from genloom.report.numbers import known, measured
from genloom.report.results import Page, Result, Table, read_results
from genloom.training.checkpoint import Checkpoints
from genloom.training.run import RunFolder

Judging = ClassifierRecipe | EvaluatorRecipe
"""Recipes whose runs can be shipped."""


class Words(NamedTuple):
    """What the card of a family says beside the numbers of the run.

    limits    what it is not for
    section   title of a section of the run's report whose tables are taken over
    """

    limits: str
    section: str = ""


def ship(run: Path, name: str, root: Path, class_names: tuple[str, ...], *,
         half: bool = False) -> pretrained.Pretrained:
    """Write the network of a finished run into ROOT/NAME, to come with genloom.

    The weights are those that the run's numbers were measured with: of the best checkpoint, averaged where there are
    averages.

    class_names   of the data, in the order of the labels
    half          store them in half precision, which the card then says

    Errors: `InputError` for a run of another family or of one's own folder of data; `CheckpointError` or `DataError`
    for one that is not finished or has no results.
    """
    folder = RunFolder.open(run)
    recipe, store = from_yaml(folder.recipe_yaml), Checkpoints(folder.checkpoints)
    if not isinstance(recipe, Judging) or recipe.data.folder:
        raise InputError("run", str(run), "a run of a classifier or an evaluator, of data that come with genloom or "
                                          "can be fetched")
    if folder.status.get("state") != "finished":
        raise CheckpointError(f"{run} is not finished: {folder.status.get('state')}")
    tensors = store.load(store.resolve("last" if store.best() is None else "best")).tensors
    text = card(name, recipe, read_results(run / "results.json"), (run / "command.txt").read_text("utf-8").strip(),
                half=half)
    return pretrained.write(root / name, recipe, tensors.get("ema", tensors["networks"]), class_names, text, half=half)


def card(name: str, recipe: Judging, page: Page, command: str, *, half: bool = False) -> str:
    """The model card, in Markdown: what it is, data, licence, numbers beside their known answers, seed and command."""
    words = _WORDS[type(recipe)]
    facts = dict(page.facts)
    results = [result for item in page.items for result in item.results]
    tables = [(item.title, table) for item in page.items if item.title == words.section for table in item.tables]
    rounded = " Stored in half precision; the numbers below are those of the weights before that." if half else ""
    return "\n".join([
        f"# {name}", "",
        f"{recipe.summary[0].upper()}{recipe.summary[1:]}. It sees {_seen(recipe)}: {recipe.data.channels} × "
        f"{recipe.data.size} × {recipe.data.size} numbers in [−1, 1].{rounded}", "",
        f"- Data: {facts.get('data', '')}",
        f"- Licence of the data: {source(_pictures_of(recipe)).licence}. The weights are under genloom's own licence.",
        f"- Network: {facts.get('network', '')}",
        f"- Seed: {recipe.engine.seed}",
        f"- Command: `{_bare(command)}`",
        f"- Made with: {facts.get('versions', '')}", "",
        "## Numbers beside their known answers", "",
        *_markdown(("number", "measured", "known", "which is"), [_row(result) for result in results]), "",
        *(line for title, table in tables for line in _section(title, table)),
        words.limits, ""])


def _seen(recipe: Judging) -> str:
    noisy = isinstance(recipe, ClassifierRecipe) and recipe.classifying.noisy
    return "noised pictures x_t at all times of the schedule" if noisy else "clean pictures"


def _pictures_of(recipe: Judging) -> str:
    """i-CLEVR's pictures have terms of their own, other than its labels."""
    return "iclevr-images" if recipe.data.source == "iclevr" else recipe.data.source


_WORDS: dict[type, Words] = {
    ClassifierRecipe: Words(
        "Not for reading handwriting that matters: it has seen centred, upright, isolated digits alone, and is sure of "
        "itself on pictures that are no digits at all.", section=NOISE),
    EvaluatorRecipe: Words(
        "Not for pictures of another world: it has seen rendered solids on a grey stage alone, and names as many of "
        "them as it is asked for in any picture. Who was guided by it must not be judged by it."),
}


def _section(title: str, table: Table) -> list[str]:
    return [f"## {title}", "", table.caption, "", *_markdown(table.header, table.rows), ""]


def _row(result: Result) -> tuple[str, ...]:
    return result.name, measured(result), known(result), result.known_name


def _markdown(header: tuple[str, ...], rows: "list[tuple[str, ...]] | tuple[tuple[str, ...], ...]") -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (header, ("---",) * len(header), *rows)]


def _bare(command: str) -> str:
    """The command without the folders of the machine that it ran on."""
    words, kept = command.split(), []
    skip = False
    for word in words:
        if skip or word in ("--out", "--data-root"):
            skip = not skip
            continue
        kept.append(word)
    return " ".join(kept)
