"""From a finished run to a checkpoint that comes with genloom, with a card of the run's own numbers."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from genloom.data.sources import source
from genloom.errors import CheckpointError, InputError
from genloom.recipes import pretrained
from genloom.recipes.classifiers import ClassifierRecipe
from genloom.recipes.evaluator import EvaluatorRecipe
from genloom.recipes.experiment import build
from genloom.recipes.gans import GanRecipe
from genloom.recipes.images import ImagesRecipe
from genloom.recipes.known import Known
from genloom.recipes.places import JUDGES, PLACES, is_place, without_places
from genloom.recipes.serial import from_yaml
from genloom.recipes.show_classifiers import NOISE
from genloom.recipes.stored import Storage
from genloom.report.numbers import duration, known, measured
from genloom.report.results import Page, Result, Table, read_results
from genloom.report.run_page import read_rows, training_seconds
from genloom.training.checkpoint import Checkpoints
from genloom.training.run import RunFolder

Judging = ClassifierRecipe | EvaluatorRecipe
Drawing = ImagesRecipe | GanRecipe
"""Recipes whose runs can be shipped: those that judge, and those that draw."""

_BEFORE = "the numbers below are those of the weights before that."
_STORED = {"float32": "", "float16": f" Stored in half precision; {_BEFORE}",
           "int8": f" Stored in 8 bits a weight, with a scale for each row; {_BEFORE}"}

ROWS = 400
"""Rows of a log that are kept, at most."""


class Words(NamedTuple):
    """What the card of a family says beside the numbers of the run.

    limits    what it is not for
    section   title of a section of the run's report whose tables are taken over
    """

    limits: str
    section: str = ""


def ship(run: Path, name: str, root: Path, *, data_root: Path | None = None,
         storage: Storage = "float32") -> pretrained.Pretrained:
    """Write the network of a finished run into ROOT/NAME, to come with genloom; of a GAN the generator alone.

    The weights are those that the run's numbers were measured with: of the best checkpoint, averaged where there are
    averages. What draws takes along what it knows of its data, so that nobody needs these to draw.

    data_root   folder of real data sets
    storage     of the weights, which the card says where they are rounded

    Errors: `InputError` for a run of another family, of one's own folder of data, of latents or taught by an evaluator
    that does not come with genloom, or for a model that is too large; `CheckpointError` or `DataError` for one that is
    not finished, or has no results, or those of another checkpoint.
    """
    folder = RunFolder.open(run)
    recipe, store = from_yaml(folder.recipe_yaml), Checkpoints(folder.checkpoints)
    _refuse(run, recipe)
    if folder.status.get("state") != "finished":
        raise CheckpointError(f"{run} is not finished: {folder.status.get('state')}")
    step = store.resolve("last" if store.best() is None else "best")
    page = read_results(run / "results.json")
    if not dict(page.facts).get("checkpoint", "").startswith(f"step {step},"):
        raise CheckpointError(f"{run}/results.json is of another checkpoint than step {step}; `genloom report {run}` "
                              "writes it anew")
    tensors = _shipped(recipe, store.load(step).tensors)
    experiment: Any = build(recipe, data_root)
    made = _Made(recipe, page, (run / "command.txt").read_text("utf-8").strip(), experiment.data.digest,
                 training_seconds(run / pretrained.TIMING), storage)
    own = Known.of(experiment.data, recipe.data.size) if isinstance(recipe, Drawing) else None
    return pretrained.write(root / name, without_places(recipe), tensors, experiment.data.class_names, card(name, made),
                            storage=storage, known=own, logs=_logs(run, step, made.seconds))


def _refuse(run: Path, recipe: Any) -> None:
    if not isinstance(recipe, Judging | Drawing) or recipe.data.folder:
        raise InputError("run", str(run), "a run of a classifier, an evaluator, a diffusion model or a GAN of pictures "
                                          "that come with genloom or can be fetched")
    if isinstance(recipe, ImagesRecipe) and recipe.latent.autoencoder:
        raise InputError("run", str(run), "a model of pixels: one of latents needs its autoencoder too")
    if isinstance(recipe, GanRecipe) and is_place(recipe.loss.evaluator):
        raise InputError("loss.evaluator", recipe.loss.evaluator, "one that comes with genloom, so that everybody can "
                         "train this again", "train with --loss.evaluator evaluator-iclevr-a")


def _shipped(recipe: Any, tensors: Mapping[str, Mapping[str, Tensor]]) -> Mapping[str, Tensor]:
    """Averaged weights where there are any; only what draws is kept of a GAN."""
    whole = tensors.get("ema", tensors["networks"])
    if not isinstance(recipe, GanRecipe):
        return whole
    return {name: tensor for name, tensor in whole.items() if name.startswith("generator/")}


def _logs(run: Path, step: int, seconds: float) -> dict[str, bytes]:
    """The run's logs, of the longer ones evenly spread rows, first and last among them."""
    found = {}
    for name in pretrained.LOGS[:2]:
        rows = [row for row in read_rows(run / name) if row.get("step", 0) <= step]
        if rows:
            places = sorted({round(k * (len(rows) - 1) / (ROWS - 1)) for k in range(ROWS)})
            found[name] = "".join(f"{json.dumps(rows[place])}\n" for place in places).encode()
    return found | {pretrained.TIMING: f"{json.dumps({'step': step, 'seconds': round(seconds, 1)})}\n".encode()}


class _Made(NamedTuple):
    """What a card tells: recipe, report and command of the run, SHA-256 of its pictures, seconds, storage."""

    recipe: Any
    page: Page
    command: str
    digest: str
    seconds: float
    storage: Storage


def card(name: str, made: _Made) -> str:
    """The model card, in Markdown: what it is, data, licence, numbers beside their known answers, seed and command."""
    recipe, words, facts = made.recipe, _WORDS[type(made.recipe)], dict(made.page.facts)
    results = [result for item in made.page.items[:1] for result in item.results]
    tables = [(item.title, table) for item in made.page.items if item.title == words.section for table in item.tables]
    return "\n".join([
        f"# {name}", "",
        f"{_capital(recipe.summary)}. It {_does(recipe)}: {recipe.data.channels} × "
        f"{recipe.data.size} × {recipe.data.size} numbers in [−1, 1].{_STORED[made.storage]}", "",
        f"- Data: {facts.get('data', '')}",
        f"- SHA-256 of the data: {_hashes(made)}",
        f"- Licence of the data: {source(_pictures_of(recipe)).licence}. The weights are under genloom's own licence.",
        f"- Network: {facts.get('network', '')}",
        f"- Recipe: {recipe.name}, in recipe.yaml; {facts.get('changed') or 'nothing of it was changed'}",
        f"- Training: {facts.get('checkpoint', '').rpartition(', sha256')[0]}; it took {duration(made.seconds)} on "
        f"{facts.get('device', 'a machine that is not told')}",
        f"- Seed: {recipe.engine.seed}",
        f"- Command: `{_bare(made.command)}`",
        f"- Made with: {facts.get('versions', '')}", "",
        "## Numbers beside their known answers", "",
        *_markdown(("number", "measured", "known", "which is"), [_row(result) for result in results]), "",
        *(line for title, table in tables for line in _section(title, table)),
        words.limits, ""])


def _capital(text: str) -> str:
    """With a capital, but for a name that begins with a small letter, as i-CLEVR does."""
    return text if text[1:2] == "-" else text[0].upper() + text[1:]


def _does(recipe: Any) -> str:
    if isinstance(recipe, Drawing):
        return "draws pictures"
    noisy = isinstance(recipe, ClassifierRecipe) and recipe.classifying.noisy
    return "sees noised pictures x_t at all times of the schedule" if noisy else "sees clean pictures"


def _hashes(made: _Made) -> str:
    """Of the files that are fetched, and of the pictures as they are prepared and divided."""
    names = dict.fromkeys((made.recipe.data.source, _pictures_of(made.recipe)))
    files = [f"{Path(file.path).name} {file.sha256}" for name in names for file in source(name).files]
    return "; ".join([*files, f"the training pictures as prepared {made.digest}"])


def _pictures_of(recipe: Any) -> str:
    """i-CLEVR's pictures have terms of their own, other than its labels."""
    return "iclevr-images" if recipe.data.source == "iclevr" else str(recipe.data.source)


_DRAWN = "It draws the world of its training pictures and nothing else, and what it draws may resemble single ones."

_WORDS: dict[type, Words] = {
    ClassifierRecipe: Words(
        "Not for reading handwriting that matters: it has seen centred, upright, isolated digits alone, and is sure of "
        "itself on pictures that are no digits at all.", section=NOISE),
    EvaluatorRecipe: Words(
        "Not for pictures of another world: it has seen rendered solids on a grey stage alone, and names as many of "
        "them as it is asked for in any picture. Who was guided by it must not be judged by it."),
    ImagesRecipe: Words(_DRAWN),
    GanRecipe: Words(f"The generator alone; its discriminator is not here, so that it cannot be trained further. "
                     f"{_DRAWN}"),
}


def _section(title: str, table: Table) -> list[str]:
    return [f"## {title}", "", table.caption, "", *_markdown(table.header, table.rows), ""]


def _row(result: Result) -> tuple[str, ...]:
    return result.name, measured(result), known(result), result.known_name


def _markdown(header: tuple[str, ...], rows: "list[tuple[str, ...]] | tuple[tuple[str, ...], ...]") -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (header, ("---",) * len(header), *rows)]


_PATHS = ("--out", "--data-root", *(f"--{name}" for name in (*PLACES, *JUDGES)))


def _bare(command: str) -> str:
    """The command without the folders of the machine that it ran on; names of what comes with genloom stay."""
    words, kept = shlex.split(command), list[str]()
    while words:
        flag, equals, value = words[0].partition("=")
        count = 2 if flag in _PATHS and not equals else 1
        own, words = words[:count], words[count:]
        named = flag.removeprefix("--") in JUDGES and not is_place(value if equals else own[-1])
        if flag not in _PATHS or named:
            kept += own
    return shlex.join(kept)
