"""The loss of the conditional model at each noise level, and its layers."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from genloom.report.figures import canvas, styled
from genloom.report.plots import lines
from genloom.report.results import Figure, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.square.setting import Setting

_TIMES = 24


class Curves(NamedTuple):
    """The ε loss at each time: of the model told the class, told none, told a wrong one; and the optima."""

    times: Tensor
    told: Tensor
    hidden: Tensor
    wrong: Tensor
    best: Tensor
    blind: Tensor
    drawn: int


@torch.no_grad()
def loss_by_time(here: Setting, seed: int, points: int = 4000) -> Curves:
    """Losses as optimum plus squared distance from the exact denoiser, which has a smaller variance than the loss."""
    experiment, oracle, networks = here.experiment, here.experiment.oracle, here.trained.networks
    times = (torch.arange(_TIMES, dtype=torch.float64) + 0.5) / _TIMES
    random, rows = generator(seed, 13), []
    for t in times.tolist():
        x0, labels = oracle.draw(points, random)
        assert labels is not None
        x = x0 + experiment.schedule.level(t).sigma * torch.randn(x0.shape, generator=random, dtype=torch.float64)
        with_class, without = oracle.with_labels(labels)(x, t).eps, oracle(x, t).eps
        best, blind = (1 - exact.square().mean() for exact in (with_class, without))
        asked: tuple[Tensor | None, ...] = (labels, None, (labels + 1) % here.classes)
        found = [experiment.denoiser(networks, y)(x.float(), t).eps.double() for y in asked]
        # what is predicted without the class is judged against what can be known without it
        rows.append((best + (found[0] - with_class).square().mean(), blind + (found[1] - without).square().mean(),
                     best + (found[2] - with_class).square().mean(), best, blind))
    told, hidden, wrong, best, blind = torch.tensor(rows, dtype=torch.float64).T
    return Curves(times, told, hidden, wrong, best, blind, points * _TIMES)


@styled()
def loss_figure(context: Context, here: Setting, curves: Curves) -> Figure:
    """Loss over σ, with the optima."""
    figure, (axes,) = canvas(6.4, 3.6)
    sigma = [float(here.experiment.schedule.level(t).sigma) for t in curves.times.tolist()]
    lines(
        axes,
        sigma,
        {"told the class": curves.told, "class hidden": curves.hidden, "told a wrong class": curves.wrong},
        known={"optimum with class": curves.best, "optimum without": curves.blind},
        log="x",
        xlabel="noise σ(t)",
        ylabel="ε loss",
    )
    axes.set_ylim(0, 1.3)
    axes.legend(loc="lower left", ncols=1)
    return context.figure(
        figure, "s2-13-loss", run=here.trained,
        caption="Loss of the conditional model at each noise level, on the least possible ones (dashed). A wrong class "
                "goes off the scale where the noise is small enough for the point to contradict it.",
        alt="Three loss curves over sigma: told the class lies on its dashed optimum and below class hidden; wrong "
            "class lies above both")


def layers(here: Setting) -> Table:
    """The network's layers, their sizes and what they are for."""
    network = here.trained.networks["denoiser"]
    rows = [
        (
            name,
            type(layer).__name__,
            _size(layer),
            f"{sum(p.numel() for p in layer.parameters()):,}",
            _ROLE.get(name, ""),
        )
        for name, layer in network.named_modules()
        if not list(layer.children()) and name
    ]
    total = sum(p.numel() for p in network.parameters())
    return Table(header=("layer", "kind", "size", "parameters", "what it does"),
                 rows=(*rows, ("all", "", "", f"{total:,}", "LeakyReLU between the linear layers")),
                 caption="The layers of the conditional denoiser.")


_ROLE = {"features": "sines and cosines of the time", "label": "one vector for each class, and one for none",
         "mix": "mixes point, time and class", "hidden.0": "fully connected", "output": "the predicted noise"}


def _size(layer: nn.Module) -> str:
    if isinstance(layer, nn.Embedding):
        return f"{layer.num_embeddings} × {layer.embedding_dim}"
    return f"{layer.in_features} → {layer.out_features}" if isinstance(layer, nn.Linear) else ""
