"""How two networks played, from the logs of a run: the course of the game, what went wrong, and samples on the way."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genloom.gan.diagnosis import diagnose, history
from genloom.gan.losses import adversarial
from genloom.metrics.features import distance_name
from genloom.recipes.judge_gans import quick_floor
from genloom.report.figures import canvas, save_figure, styled
from genloom.report.grids import show_grid
from genloom.report.plots import known_line, lines, running_mean
from genloom.report.results import Figure, Item
from genloom.report.run_page import read_columns, read_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from genloom.recipes.build_gans import GanExperiment
    from genloom.recipes.gans import GanRecipe

_GAME = ("step", "game/discriminator", "game/generator", "told_apart", "logit_real", "logit_fake")
_SMOOTH = 60  # points that a curve is smoothed down to
_LEGEND = 0.4  # of the losses' height is room for their legend
_LEAST = 2  # evaluations that make a curve


def training_item(experiment: "GanExperiment", run: Path, provenance: dict[str, str]) -> Item:
    """The game over the steps, how far samples were from real pictures, and what was found wrong; without a number."""
    if not read_columns(run / "metrics.jsonl", _GAME)["step"]:
        return Item(number="", title="The game", status="missing", reason="metrics.jsonl holds no row yet.")
    figures = [save_figure(draw_game(experiment.recipe, run), run / "figures" / "training.png", provenance, folder=run,
                           caption=GAME_CAPTION, alt=GAME_ALT)]
    figures += evaluations_figure(experiment, run, provenance)
    return Item(number="", title="The game", text=diagnosis(experiment, run), figures=tuple(figures))


GAME_CAPTION = ("The losses beside that of a discriminator that tells nothing apart, the share of pairs of a real "
                "picture and a fake that it puts in order, and its mean logits. Penalties are left out; each curve is "
                "a running mean.")
GAME_ALT = "Three panels over the steps: the losses of both networks, the share of pairs told apart, mean logits"


@styled()
def draw_game(recipe: "GanRecipe", run: Path) -> "Canvas":
    """Losses with the tie, told_apart with ½, and the mean logits of real pictures and fakes."""
    log = read_columns(run / "metrics.jsonl", _GAME)
    window = max(1, len(log["step"]) // _SMOOTH)
    smooth = {name: running_mean(values, window) for name, values in log.items()}
    figure, (left, middle, right) = canvas(10.4, 3.2, 1, 3)
    for axes, ylabel, names in (
            (left, "loss", {"discriminator": "game/discriminator", "generator": "game/generator"}),
            (middle, "share of pairs told apart", {"real above fake": "told_apart"}),
            (right, "mean logit", {"real": "logit_real", "fakes": "logit_fake"})):
        lines(axes, log["step"], {label: smooth[name] for label, name in names.items()}, xlabel="step", ylabel=ylabel,
              markers=False)
    known_line(left, adversarial(recipe.loss.adversarial).tie, "nothing told apart")
    known_line(middle, 0.5, "nothing told apart")
    middle.set_ylim(0, 1.02)
    low, high = left.get_ylim()
    left.set_ylim(low, high + _LEGEND * (high - low))
    left.legend(loc="upper right")
    middle.legend()
    return figure


def diagnosis(experiment: "GanExperiment", run: Path) -> tuple[str, ...]:
    """What was wrong with the game and when, each with one remedy, and whether it is still wrong at the end."""
    rows = [*read_rows(run / "metrics.jsonl"), *read_rows(run / "evaluations.jsonl")]
    tie, modes = adversarial(experiment.recipe.loss.adversarial).tie, experiment.readable
    last = {finding.kind for finding in diagnose(rows, tie, modes)}
    said = []
    for step, finding in history(rows, tie, modes):
        held = "and still is at the end" if finding.kind in last else "and no longer is at the end"
        said.append(f"At step {step}: {finding.said}. It was found {held}. What to try first: {finding.remedy}.")
    return tuple(said) or ("Nothing was found wrong with the game: the discriminator was neither sure of everything "
                           "nor without measure, and samples did not become alike.",)


@styled()
def evaluations_figure(experiment: "GanExperiment", run: Path, provenance: dict[str, str]) -> list[Figure]:
    """The distance of samples, and how varied they were, at the steps at which they were looked at."""
    name = distance_name(experiment.extractor)
    columns = ("step", name, "spread", *(["modes"] if experiment.readable else []))
    log = read_columns(run / "evaluations.jsonl", columns)
    if len(log["step"]) < _LEAST:
        return []
    figure, (left, right) = canvas(8.4, 3.2, 1, 2)
    lines(left, log["step"], {"samples": log[name]}, xlabel="step", ylabel=name, log="y")
    known_line(left, quick_floor(experiment), "training pictures")
    varied: dict[str, Any] = {"spread of pixels": log["spread"]}
    if experiment.readable:
        varied[f"classes seen, of {experiment.readable}"] = np.asarray(log["modes"]) / experiment.readable
    lines(right, log["step"], varied, xlabel="step", ylabel="as a share of the data's")
    known_line(right, 1.0, "as varied as the data")
    right.set_ylim(bottom=0)
    for axes in (left, right):
        axes.legend()
    count = experiment.recipe.evaluation.quick
    return [save_figure(figure, run / "figures" / "evaluations.png", provenance, folder=run,
                        caption=f"{name} of {count} samples from pictures that were kept back, and how varied they "
                                "were. The best checkpoint is chosen by these; the numbers above are of other samples "
                                "and stand beside other pictures.",
                        alt="Two panels over the steps: the distance of samples beside its floor, and how varied they "
                            "are")]


def way_item(experiment: "GanExperiment", run: Path, provenance: dict[str, str]) -> Item | None:
    """Samples of one and the same noise after three numbers of epochs, where they were drawn."""
    sheets = chosen(sorted(run.glob("samples/*/step-*.png"), key=lambda sheet: sheet.name))
    if not sheets:
        return None
    from PIL import Image

    figure, panels = canvas(3.3 * len(sheets), 3.5, 1, len(sheets))
    steps = [int(sheet.stem.removeprefix("step-")) for sheet in sheets]
    for axes, sheet, step in zip(panels, sheets, steps, strict=True):
        with Image.open(sheet) as picture:
            whole = np.asarray(picture.convert("RGB")).transpose(2, 0, 1)[None]
        show_grid(axes, whole, columns=1, title=f"step {step}, epoch {epochs(experiment, step):.3g}")
    *first, last = [f"{epochs(experiment, step):.3g}" for step in steps]
    said = f"{', '.join(first)} and {last}" if first else last
    return Item(number="", title="Samples on the way", figures=(
        save_figure(figure, run / "figures" / "way.png", provenance, folder=run,
                    caption=f"Samples after {said} epochs; each place has the same noise every time.",
                    alt=f"{len(sheets)} grids of generated pictures, after {said} epochs"),))


def chosen(sheets: Sequence[Path]) -> list[Path]:
    """The first, the middle and the last."""
    return [sheets[k] for k in sorted({0, (len(sheets) - 1) // 2, len(sheets) - 1})] if sheets else []


def epochs(experiment: "GanExperiment", step: int) -> float:
    """How often the discriminator had seen each training picture after a step."""
    engine, count = experiment.job().options, len(experiment.data)
    return step * min(engine.batch_size or count, count) / count
