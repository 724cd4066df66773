"""Pictures and files of a model of points."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from genloom.data.density import Boxes
from genloom.recipes.judge_points import least_noise_loss
from genloom.recipes.points_parts import OfPoints
from genloom.report.figures import canvas, save_figure
from genloom.report.plots import colorbar, lines, outlines, plane, scatter, trajectory
from genloom.report.results import Figure, Item, write_atomically
from genloom.report.run_page import training_item
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_points import PointsExperiment

_PATHS = 6


def write_samples(experiment: OfPoints, points: Tensor, labels: Tensor | None, folder: Path,
                  provenance: dict[str, str], stem: str = "samples") -> list[Path]:
    """`stem`.csv with columns x, y (and class), and `stem`.png."""
    rows = ["x,y" if labels is None else "x,y,class"]
    extra = [""] * len(points) if labels is None else [f",{label}" for label in labels.tolist()]
    rows += [f"{x:.9g},{y:.9g}{more}" for (x, y), more in zip(points.tolist(), extra, strict=True)]
    table = folder / f"{stem}.csv"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(table, ("\n".join(rows) + "\n").encode())
    picture = folder / f"{stem}.png"
    samples_figure(experiment, points, labels, picture, provenance)
    return [table, picture]


def samples_figure(experiment: OfPoints, points: Tensor, labels: Tensor | None, path: Path,
                   provenance: dict[str, str]) -> Figure:
    """Training points beside samples."""
    data = experiment.data
    figure, (left, right) = canvas(7.6, 3.9, 1, 2)
    low, high = view(experiment)
    shown = slice(0, len(points))
    own = None if data.labels is None else data.labels[shown]
    scatter(left, data.points[shown], own, data.class_names)
    scatter(right, points, labels, data.class_names)
    plane(left, low, high, "training points")
    plane(right, low, high, f"{len(points):,} samples")
    if isinstance(data.density, Boxes):
        outlines(right, data.density.low, data.density.high)
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption=f"Training points and {len(points):,} samples of the model.",
                       alt=f"Two scatter plots of {data.name}: training points on the left, samples on the right")


def run_items(experiment: "PointsExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report: its loss, samples, paths from noise to data, and the loss at each time."""
    folder, count = run / "figures", experiment.recipe.evaluation.samples
    labels = experiment.labels_for(count, 0)
    points = experiment.draw(networks, count=count, seed=0, labels=labels)
    return (
        training_item(run, provenance, number="1", known=least_loss(experiment), known_name="Bayes optimum"),
        Item(number="2", title="Samples",
             figures=(samples_figure(experiment, points, labels, folder / "samples.png", provenance),)),
        Item(number="3", title="From noise to data",
             figures=(paths_figure(experiment, networks, folder / "paths.png", provenance),)),
        Item(number="4", title="The loss at each time", formula="E‖ε̂ − ε‖²/D at x_t = α x0 + σ ε",
             figures=(loss_figure(experiment, networks, folder / "loss-by-time.png", provenance),)),
    )


def least_loss(experiment: "PointsExperiment") -> float | None:
    """The Bayes optimum of the loss that is trained; None where it is not the mean squared error of ε that is judged.

    In the plane half the sum is the mean. A label is hidden in `label_dropout` of the steps.
    """
    chosen = experiment.recipe.diffusion
    on_noise = chosen.weight == "noise" or (chosen.weight, chosen.prediction) == ("simple", "noise")
    if not on_noise or chosen.distance != "l2" or chosen.times not in ("uniform", "table", "levels"):
        return None
    hidden = least_noise_loss(experiment, conditional=False).value
    if experiment.data.labels is None:
        return hidden
    told = least_noise_loss(experiment, conditional=True).value
    return chosen.label_dropout * hidden + (1 - chosen.label_dropout) * told


def view(experiment: OfPoints, margin: float = 0.15) -> tuple[list[float], list[float]]:
    """Corners of the part of the plane that holds the data."""
    low, high = experiment.data.points.amin(0), experiment.data.points.amax(0)
    edge = margin * (high - low).max()
    return (low - edge).tolist(), (high + edge).tolist()


@torch.no_grad()
def paths_figure(experiment: "PointsExperiment", networks: Networks, path: Path, provenance: dict[str, str]) -> Figure:
    """A few samples on their way, coloured by time."""
    labels = experiment.labels_for(_PATHS, 0)
    denoiser = experiment.denoiser(networks, labels)
    states = list(experiment.walk(denoiser, experiment.recipe.sampling, _PATHS, seed=0, labels=labels))
    every = max(1, len(states) // 300)
    states = [*states[:-1:every], states[-1]]
    tracks = torch.stack([state.x.cpu() for state in states], dim=1)
    times = [float(state.level.t) for state in states]
    figure, (axes,) = canvas(5.4, 4.6)
    scatter(axes, experiment.data.points, color="#b6bcc6", size=2, alpha=0.5)
    mappable: Any = None
    for track in tracks:
        mappable = trajectory(axes, track, times)
    low, high = view(experiment)
    reach = torch.cat([tracks.flatten(0, 1), torch.tensor([low, high])])
    plane(axes, reach.amin(0).tolist(), reach.amax(0).tolist())
    colorbar(figure, mappable, axes, "time t")
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption=f"{_PATHS} samples from the start at t = 1 (square) to the end (ring).",
                       alt="Paths in the plane that lead from scattered starting points into the data")


@torch.no_grad()
def loss_figure(experiment: "PointsExperiment", networks: Networks, path: Path, provenance: dict[str, str]) -> Figure:
    """The model's noise loss over t, on the oracle's."""
    times = torch.linspace(max(experiment.schedule.first, 1e-3), 1, 24, dtype=torch.float64)
    random = torch.Generator().manual_seed(0)
    model, exact = [], []
    device = next(networks["denoiser"].parameters()).device
    for t in times.tolist():
        x0, labels = experiment.oracle.draw(4000 if experiment.data.density else 1000, random)
        eps = torch.randn(x0.shape, generator=random, dtype=torch.float64)
        level = experiment.schedule.level(t)
        x = level.alpha * x0 + level.sigma * eps
        oracle = experiment.oracle if labels is None else experiment.oracle.with_labels(labels)
        best = oracle(x, t).eps
        believed = experiment.denoiser(networks, labels)(x.float().to(device), t).eps.double().cpu()
        floor = (best - eps).square().mean().item()
        exact.append(floor)
        model.append(floor + (believed - best).square().mean().item())
    figure, (axes,) = canvas(6.2, 3.4)
    lines(axes, times, {"model": model}, known={"Bayes optimum": exact}, xlabel="time t", ylabel="ε loss")
    axes.legend()
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption="The model's loss over time, and the smallest that any denoiser can have.",
                       alt="Two curves over time, which coincide where the model is as good as the exact denoiser")
