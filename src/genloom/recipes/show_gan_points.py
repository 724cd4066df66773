"""Pictures of a GAN of points: the game, its samples, what the discriminator says, and where noise goes."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.gan.losses import adversarial
from genloom.recipes.show_points import samples_figure, view
from genloom.report.figures import GRAY, canvas, save_figure, styled
from genloom.report.plots import colorbar, density, known_line, lines, plane, scatter
from genloom.report.results import Figure, Item
from genloom.report.run_page import read_columns
from genloom.training.method import Networks

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from genloom.recipes.build_gan_points import GanPointsExperiment

_LINES, _ALONG = 21, 200  # lines of noise in each direction, and points of each
_REACH = 2.0  # of the square of noise that is shown, in standard deviations


def run_items(experiment: "GanPointsExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report."""
    folder, count = run / "figures", experiment.recipe.evaluation.samples
    labels = experiment.labels_for(count, 0)
    points = experiment.draw(networks, count=count, seed=0, labels=labels)
    shown = [
        Item(number="1", title="Training", figures=(game_figure(experiment, run, provenance),)),
        Item(number="2", title="Samples",
             figures=(samples_figure(experiment, points, labels, folder / "samples.png", provenance),)),
    ]
    if experiment.recipe.network.judging not in ("planes", "projection", "projection+auxiliary"):
        shown.append(Item(number="3", title="What the discriminator says of the plane", figures=(
            logits_figure(experiment, networks, points, folder / "logits.png", provenance),)))
    if experiment.latent.width == 2 and not experiment.told:
        shown.append(Item(number="4", title="Where the noise goes", figures=(
            folds_figure(experiment, networks, folder / "folds.png", provenance),)))
    return tuple(shown)


def game_figure(experiment: "GanPointsExperiment", run: Path, provenance: dict[str, str]) -> Figure:
    """The game over the steps, saved."""
    return save_figure(
        draw_game(experiment, run), run / "figures" / "training.png", provenance, folder=run,
        caption="The discriminator's loss beside that of one that tells nothing apart, and how often it ranks a real "
                "point above a fake one: ½ is the end of the game. Losses of a game need not fall.",
        alt="Two panels over the steps: both losses around the dashed line of a tie, and the share of pairs told apart")


def draw_game(experiment: "GanPointsExperiment", run: Path) -> "Canvas":
    """Both losses with the discriminator's tie, and the share of pairs that are told apart."""
    log = read_columns(run / "metrics.jsonl", ("step", "game/discriminator", "game/generator", "told_apart"))
    figure, (left, right) = canvas(8.6, 3.2, 1, 2)
    lines(left, log["step"], {"discriminator": log["game/discriminator"], "generator": log["game/generator"]},
          xlabel="step", ylabel="loss", markers=False)
    known_line(left, adversarial(experiment.recipe.loss.adversarial).tie, "discriminator, nothing told apart")
    left.legend()
    lines(right, log["step"], {"told apart": log["told_apart"]}, xlabel="step", markers=False,
          ylabel="pairs ranked rightly")
    known_line(right, 0.5, "nothing told apart")
    right.set_ylim(0.4, 1.02)
    right.legend()
    return figure


@torch.no_grad()
def logits_figure(experiment: "GanPointsExperiment", networks: Networks, points: Tensor, path: Path,
                  provenance: dict[str, str], side: int = 160) -> Figure:
    """D = sigmoid(logit) over the plane, with samples on it."""
    low, high = view(experiment)
    x, y = (torch.linspace(a, b, side) for a, b in zip(low, high, strict=True))
    network = networks["discriminator"]
    plane_points = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).reshape(-1, 2)
    said = network(plane_points.to(next(network.parameters()).device)).logits.float().cpu().reshape(side, side)
    figure, (axes,) = canvas(5.2, 4.4)
    unit = experiment.recipe.loss.adversarial in ("non-saturating", "minimax")
    middle, said = (0.5, said.sigmoid()) if unit else (0.0, said)
    reach = max(float((said - middle).abs().quantile(0.98)), 1e-6)
    shown = density(axes, x, y, said, cmap="PuOr_r", limits=(middle - reach, middle + reach))
    scatter(axes, points[:600], size=2, color="#111111", alpha=0.6)
    plane(axes, low, high)
    axes.grid(visible=False)
    colorbar(figure, shown, axes, "D" if unit else "output")
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption="What the discriminator says of each place at the end, with samples as dots. Where the "
                               "samples have the density of the data, the best D is ½.",
                       alt="A coloured map of the discriminator over the plane with the samples as dots on it")


@torch.no_grad()
def folds_figure(experiment: "GanPointsExperiment", networks: Networks, path: Path,
                 provenance: dict[str, str]) -> Figure:
    """A square lattice of noise and its image."""
    network = networks["generator"]
    z = lattice(_REACH if experiment.latent.law == "normal" else 1.0)
    made = network(z.flatten(0, 1).to(next(network.parameters()).device)).float().cpu().reshape(z.shape)
    figure, (left, right) = canvas(8.0, 4.0, 1, 2)
    reach = float(z.max())
    _threads(left, z)
    _threads(right, made)
    plane(left, [-reach * 1.05] * 2, [reach * 1.05] * 2, "noise z")
    plane(right, *view(experiment), "G(z)")
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption="Lines of noise and what the generator makes of them. It is continuous, so separate "
                               "modes stay joined by threads, which hold some of the samples.",
                       alt="A square lattice of lines, and the same lines drawn together into the modes of the data")


def lattice(reach: float) -> Tensor:
    """Lines of a square lattice in [−reach, reach]², (2 · 21, 200, 2)."""
    fixed, along = torch.linspace(-reach, reach, _LINES), torch.linspace(-reach, reach, _ALONG)
    across = torch.stack(torch.meshgrid(fixed, along, indexing="ij"), -1)
    return torch.cat((across, across.flip(-1)))


@styled()
def _threads(axes: "object", threads: Tensor) -> None:
    from matplotlib.collections import LineCollection

    half = len(threads) // 2
    for part, color in ((threads[:half], "#0072B2"), (threads[half:], GRAY)):
        axes.add_collection(LineCollection(part.tolist(), colors=color, linewidths=0.7))  # type: ignore[attr-defined]
