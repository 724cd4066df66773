"""From a trained run of a classifier to a checkpoint that comes with genloom, with a card of the run's own numbers."""

from pathlib import Path

from genloom.data.sources import source
from genloom.errors import CheckpointError, InputError
from genloom.recipes import pretrained
from genloom.recipes.classifiers import ClassifierRecipe
from genloom.recipes.serial import from_yaml
from genloom.recipes.show_classifiers import NOISE
from genloom.report.numbers import known, measured
from genloom.report.results import Page, Result, Table, read_results
from genloom.training.checkpoint import Checkpoints
from genloom.training.run import RunFolder


def ship(run: Path, name: str, root: Path, class_names: tuple[str, ...]) -> pretrained.Pretrained:
    """Write the classifier of a finished run into ROOT/NAME, to come with genloom.

    The weights are those that the run's numbers were measured with: of the best checkpoint, averaged where there are
    averages.

    class_names   of the data, in the order of the labels

    Errors: `InputError` for a run of another family or of one's own folder of data; `CheckpointError` or `DataError`
    for one that is not finished or has no results.
    """
    folder = RunFolder.open(run)
    recipe, store = from_yaml(folder.recipe_yaml), Checkpoints(folder.checkpoints)
    if not isinstance(recipe, ClassifierRecipe) or recipe.data.folder:
        raise InputError("run", str(run), "a run of a classifier, of data that come with genloom or can be fetched")
    if folder.status.get("state") != "finished":
        raise CheckpointError(f"{run} is not finished: {folder.status.get('state')}")
    tensors = store.load(store.resolve("last" if store.best() is None else "best")).tensors
    text = card(name, recipe, read_results(run / "results.json"), (run / "command.txt").read_text("utf-8").strip())
    return pretrained.write(root / name, recipe, tensors.get("ema", tensors["networks"]), class_names, text)


def card(name: str, recipe: ClassifierRecipe, page: Page, command: str) -> str:
    """The model card, in Markdown: what it is, data, licence, numbers beside their known answers, seed and command."""
    seen = "noised pictures x_t at all times of the schedule" if recipe.classifying.noisy else "clean pictures"
    facts = dict(page.facts)
    results = [result for item in page.items for result in item.results]
    tables = [table for item in page.items if item.title == NOISE for table in item.tables]
    return "\n".join([
        f"# {name}", "",
        f"{recipe.summary[0].upper()}{recipe.summary[1:]}. It sees {seen}: {recipe.data.channels} × {recipe.data.size}"
        f" × {recipe.data.size} numbers in [−1, 1].", "",
        f"- Data: {facts.get('data', '')}",
        f"- Licence of the data: {source(recipe.data.source).licence}. The weights are under genloom's own licence.",
        f"- Network: {facts.get('network', '')}",
        f"- Seed: {recipe.engine.seed}",
        f"- Command: `{_bare(command)}`",
        f"- Made with: {facts.get('versions', '')}", "",
        "## Numbers beside their known answers", "",
        *_markdown(("number", "measured", "known", "which is"), [_row(result) for result in results]), "",
        *(line for table in tables for line in _by_time(table)),
        "Not for reading handwriting that matters: it has seen centred, upright, isolated digits alone, and is sure of "
        "itself on pictures that are no digits at all.", ""])


def _by_time(table: Table) -> list[str]:
    return [f"## {NOISE}", "", table.caption, "", *_markdown(table.header, table.rows), ""]


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
