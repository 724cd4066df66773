"""Pictures and files of a completing network."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.gan.losses import adversarial
from genloom.metrics.fills import harmonic_fill
from genloom.report.figures import canvas, save_figure
from genloom.report.grids import rows_figure, save_grid
from genloom.report.plots import known_line, lines
from genloom.report.results import Figure, Item
from genloom.report.run_page import read_columns, training_item
from genloom.training.method import Networks

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from genloom.recipes.build_inpainting import InpaintingExperiment, Questions

_SHOWN = 8
KINDS = ("centre", "half", "boxes", "strokes")


def shown(questions: "Questions") -> Tensor:
    """What is known, uint8, with hidden pixels in a middle grey."""
    return to_pictures(questions.seen)


def write_sheet(experiment: "InpaintingExperiment", networks: Networks, questions: "Questions", path: Path,
                provenance: dict[str, str]) -> Path:
    """Rows of eight: what is known, what the network makes of it, the truth."""
    three = (shown(questions), to_pictures(experiment.complete(networks, questions)), to_pictures(questions.x))
    split = zip(*(torch.split(each, _SHOWN) for each in three), strict=True)
    rows = [_filled(part) for parts in split for part in parts]
    told = {**provenance, "what": "rows of what is known, the completed pictures, and the pictures themselves"}
    return save_grid(torch.cat(rows), path, told, columns=_SHOWN)


def run_items(experiment: "InpaintingExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report: its losses, and completed pictures for every kind of mask."""
    folder = run / "figures"
    training = training_item(run, provenance, number="1") if experiment.recipe.loss.weight == 0 else Item(
        number="1", title="Training", figures=(game_figure(experiment, run, provenance),))
    return (training, Item(
        number="2", title="Completed pictures", formula="x′ = M ⊙ x + (1 − M) ⊙ g(M ⊙ x, M)", text=(
            "Pictures that were kept from training. The mean of the neighbours is where colours end up that diffuse "
            "into the hidden part: it needs no learning.",),
        figures=tuple(kind_figure(experiment, networks, kind, folder / f"completed-{kind}.png", provenance)
                      for kind in KINDS)))


def kind_figure(experiment: "InpaintingExperiment", networks: Networks, kind: str, path: Path,
                provenance: dict[str, str]) -> Figure:
    """Kept-back pictures under masks of one kind, completed."""
    questions = experiment.questions(_SHOWN, kind=kind)
    rows = {"known": shown(questions), "neighbours": to_pictures(harmonic_fill(*questions)),
            "network": to_pictures(experiment.complete(networks, questions)), "truth": to_pictures(questions.x)}
    return save_figure(rows_figure(rows, cell=0.8), path, provenance, folder=path.parent.parent,
                       caption=f"Masks of the kind {kind}: what is known, its fill by the mean of the neighbours, the "
                               "network's completion, and the picture itself.",
                       alt="Four rows of pictures: with a hidden part, filled smoothly, completed, and whole")


def game_figure(experiment: "InpaintingExperiment", run: Path, provenance: dict[str, str]) -> Figure:
    """The game over the steps, saved."""
    return save_figure(draw_game(experiment, run), run / "figures" / "training.png", provenance, folder=run,
                       caption=GAME_CAPTION, alt=GAME_ALT)


GAME_CAPTION = ("The discriminator's loss beside that of one that tells nothing apart, the squared error of hidden "
                "pixels, and the share of patches that the discriminator takes for what they are.")
GAME_ALT = "Three panels over the steps: the discriminator's loss, the squared error, shares told rightly"


def draw_game(experiment: "InpaintingExperiment", run: Path) -> "Canvas":
    """The discriminator's loss with that of a tie, the squared error, and how much the discriminator tells apart."""
    log = read_columns(run / "metrics.jsonl", ("step", "loss/discriminator", "squared_error", "real_told", "fake_told"))
    figure, (left, middle, right) = canvas(10.4, 3.2, 1, 3)
    lines(left, log["step"], {"discriminator": log["loss/discriminator"]}, xlabel="step", ylabel="loss", markers=False)
    known_line(left, adversarial(experiment.recipe.loss.adversarial).tie, "nothing told apart")
    left.legend()
    lines(middle, log["step"], {"squared error": log["squared_error"]}, xlabel="step", markers=False,
          ylabel="squared error of hidden pixels")
    lines(right, log["step"], {"real": log["real_told"], "completed": log["fake_told"]}, xlabel="step",
          ylabel="share told rightly", markers=False)
    right.set_ylim(0, 1)
    return figure


def _filled(pictures: Tensor) -> Tensor:
    """A whole row of pictures, its end white."""
    white = torch.full((_SHOWN - len(pictures), *pictures.shape[1:]), 255, dtype=torch.uint8)
    return torch.cat([pictures, white])
