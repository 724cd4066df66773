"""Pictures and files of a model of pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.recipes.judge_images import TIMES, baseline_by_time, kept_denoiser, losses_by_time, on_table
from genloom.recipes.process_images import Way, backward, forward
from genloom.recipes.show_labels import labels_item
from genloom.recipes.show_pictures import SHEET, neighbours_figure, samples_figure
from genloom.report.figures import canvas, save_figure
from genloom.report.grids import rows_figure
from genloom.report.plots import lines
from genloom.report.results import Figure, Item
from genloom.report.run_page import training_item
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_images import ImagesExperiment

_SHOWN = 8


def run_items(experiment: "ImagesExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report: its loss, samples, the process both ways, the loss at each time, neighbours, and
    for label sets what was asked for."""
    folder = run / "figures"
    labels = experiment.labels_for(SHEET, 0)
    drawn = experiment.draw(networks, count=SHEET, seed=0, labels=labels)
    there = forward(experiment, _SHOWN)
    back = backward(experiment, networks, there)
    asked = labels_item(experiment, networks, run, provenance, number="6")
    return (
        training_item(run, provenance, number="1"),
        Item(number="2", title="Samples", figures=(samples_figure(drawn, folder / "samples.png", provenance),)),
        Item(number="3", title="Noised, and denoised again", formula="x_t = α(t) x0 + σ(t) ε", figures=(
            way_figure(experiment, there, folder / "forward.png", provenance,
                       "Training pictures on their way to noise"),
            way_figure(experiment, back, folder / "backward.png", provenance,
                       "The sampler's way back from exactly the noisiest of these"))),
        Item(number="4", title="The loss at each time", formula="E‖ε̂ − ε‖²/D on pictures that were kept back",
             figures=(loss_figure(experiment, networks, folder / "loss-by-time.png", provenance),)),
        Item(number="5", title="Nearest training pictures", text=(
            "A model that copies has samples that equal their neighbours. Nearest is in the mean square of pixels.",),
            figures=(neighbours_figure(experiment, drawn, folder / "neighbours.png", provenance),)),
        *([] if asked is None else [asked]),
    )


def way_figure(experiment: "ImagesExperiment", way: Way, path: Path, provenance: dict[str, str],
               caption: str) -> Figure:
    """One row of pictures for each time; only what is shown is clamped to bytes."""
    figure = rows_figure(rows_of_way(experiment, way), cell=0.8)
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption=f"{caption}, at {percents(way)} of T.",
                       alt=f"Rows of pictures, one for each of {percents(way)} of the noising")


def percents(way: Way) -> str:
    """The times of a way in words."""
    return ", ".join(f"{percent} %" for percent in way.percent)


def rows_of_way(experiment: "ImagesExperiment", way: Way) -> dict[str, Tensor]:
    """The states as pictures, by their percentage."""
    return {f"{percent} %": shown(experiment, x) for percent, x in zip(way.percent, way.states, strict=True)}


def loss_figure(experiment: "ImagesExperiment", networks: Networks, path: Path, provenance: dict[str, str]) -> Figure:
    """The ε loss over t beside that of the best linear denoiser, and that of guessing 0, which is 1."""
    times = [on_table(experiment, t) for t in TIMES]
    model = losses_by_time(experiment, kept_denoiser(experiment, networks), times)
    known: dict[str, Any] = {"guessing 0": [1.0] * len(times)}
    linear = baseline_by_time(experiment, times)
    if linear is not None:
        known["best linear denoiser"] = linear
    figure, (axes,) = canvas(6.4, 3.6)
    lines(axes, times, {"model": model, **known}, xlabel="time t", ylabel="ε loss", log="y")
    axes.legend()
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption="The loss over time on pictures that were kept back, beside the best linear denoiser's.",
                       alt="Curves of the loss over time: the model's, and what it stands beside")


def shown(experiment: "ImagesExperiment", x: Tensor) -> Tensor:
    """States as pictures; of latents, which are no pictures, the first three channels scaled to their range."""
    if experiment.space is None:
        return to_pictures(x).cpu()
    seen = x[:, :3] if x.shape[1] >= 3 else x[:, :1]
    return to_pictures(seen / 3).cpu()
