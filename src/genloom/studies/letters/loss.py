"""S4.20: the denoising loss, beside the smallest one that any network can have."""

import json
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.loss import denoising_loss, loss_weight
from genloom.diffusion.times import time_law
from genloom.recipes.process_parts import make_denoiser
from genloom.report.figures import canvas, styled
from genloom.report.numbers import at_most, near, number
from genloom.report.plots import lines, loss_curve
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.letters.exact import cloud_optimum
from genloom.studies.letters.network import thin
from genloom.studies.letters.work import Setting, setting
from genloom.studies.study import Answer, deliverable

GOOD_GAP = 0.02
"""How far above the Bayes optimum the loss of a good model may lie."""


class Losses(NamedTuple):
    """At each noise level, by quadrature over the plane, so that there is no sampling error in them.

    bayes      the smallest possible loss on letters
    gap        how far above it the network is
    by_heart   the smallest possible loss on the training points, of a network that knows them by heart
    """

    bayes: list[float]
    gap: list[float]
    by_heart: list[float]

    @property
    def floor(self) -> float:
        """The mean of the smallest losses."""
        return sum(self.bayes) / len(self.bayes)

    @property
    def excess(self) -> float:
        """The mean gap."""
        return sum(self.gap) / len(self.gap)

    @property
    def parrot(self) -> float:
        """The mean of the losses of knowing by heart."""
        return sum(self.by_heart) / len(self.by_heart)


@deliverable("S4.20", "The denoising loss",
             question="Implement the loss of Algorithm 1 for all training points at once, averaged over them. How low "
                      "can it get, and how low did training bring it?")
def loss(context: Context) -> Answer:
    """Algorithm 1 checked by hand, the loss curve on the Bayes optimum, and both by noise level."""
    here = setting(context)
    found = losses(context)
    return Answer(
        text=_text(here, found),
        figures=(_curve(context, here, found), _by_level(context, here, found)),
        tables=(_table(here, found),),
        results=(
            near(Result(name="loss of this program minus Algorithm 1 written out point by point",
                        value=_difference(here), known=0.0, known_name="the same formula", n=64), 1e-12),
            at_most(Result(name="loss on fresh data", value=found.floor + found.excess, known=found.floor,
                           known_name="Bayes optimum by quadrature", source="exact score of the letters",
                           formula="½ E‖σ s + z‖² = Bayes + ½ E‖σ (s − s*)‖²"), found.floor + GOOD_GAP),
            Result(name="loss of a network that knows its training points by heart, on these", value=found.parrot,
                   known=found.floor, known_name="Bayes optimum of the letters", n=len(here.experiment.data.points)),
        ),
        formula="L = ½ E‖σ s(x + σ z, σ) + z‖²,  z ~ N(0, I),  σ drawn from the levels: Σ over coordinates, mean over "
                "points",
        source="problem 5.2, Algorithm 1; Song & Ermon 2019, Eq. 5 and 6; Vincent 2011, Eq. 11",
    )


def losses(context: Context) -> Losses:
    """The losses of the study's one run."""
    here = setting(context)
    points = here.experiment.data.points
    return context.once("losses", lambda: Losses([here.exact.table(sigma).bayes for sigma in here.sigmas],
                                                 [_gap(here, sigma) for sigma in here.sigmas],
                                                 [cloud_optimum(points, sigma) for sigma in here.sigmas]))


@torch.no_grad()
def _gap(here: Setting, sigma: float) -> float:
    table = here.exact.table(sigma)
    points, share, eps = thin(table.points, table.share, table.eps)
    believed = here.denoiser("model")(points.float(), here.time(sigma)).eps.double().cpu()
    return float(share @ (believed - eps).square().sum(1)) / 2


@torch.no_grad()
def _difference(here: Setting) -> float:
    """The largest difference between this program's loss and Algorithm 1 for one point at a time, in float64."""
    random, schedule = generator(0, 1), here.experiment.schedule
    model = here.trained.networks["denoiser"]
    x, z = here.experiment.data.points[:64].double(), torch.randn(64, 2, generator=random, dtype=torch.float64)
    t = time_law("levels", schedule, count=len(here.sigmas))(torch.rand(len(x), generator=random))
    double = _double(model)
    ours = denoising_loss(make_denoiser(here.recipe.diffusion, schedule, double), x, z[: len(x)], t,
                          weight=loss_weight("noise", schedule), reduction="half-sum")
    theirs = torch.stack([_algorithm_1(double, x[i], z[i], schedule.sigma(t[i])) for i in range(len(x))])
    return float((ours - theirs).abs().max())


def _algorithm_1(score: torch.nn.Module, x: Tensor, z: Tensor, sigma: Tensor) -> Tensor:
    noisy = x + sigma * z
    weight = sigma**2
    error = score(noisy[None], sigma[None], None)[0] + (noisy - x) / sigma**2
    result: Tensor = weight / 2 * error.square().sum()
    return result


def _double(model: torch.nn.Module) -> torch.nn.Module:
    import copy

    return copy.deepcopy(model).cpu().double()


@styled()
def _curve(context: Context, here: Setting, found: Losses) -> Figure:
    rows = [json.loads(line) for line in (here.trained.path / "metrics.jsonl").read_text().splitlines()]
    figure, (axes,) = canvas(7.4, 3.4)
    loss_curve(axes, [row["step"] for row in rows], [row["loss"] for row in rows], known=found.floor,
               known_name="Bayes optimum", label="denoising loss")
    return context.figure(
        figure, "loss-curve", run=here.trained,
        caption="The training loss, each row a mean over some batches, and the smallest loss that any network can "
                "have.",
        alt="A falling noisy curve that flattens above a dashed line, the Bayes optimum")


@styled()
def _by_level(context: Context, here: Setting, found: Losses) -> Figure:
    figure, (left, right) = canvas(8.6, 3.3, 1, 2)
    sigma = torch.tensor(here.sigmas)
    total = [a + b for a, b in zip(found.bayes, found.gap, strict=True)]
    lines(left, sigma, {"trained network": total}, known={"Bayes optimum": found.bayes}, xlabel="noise level σ",
          ylabel="loss", log="x")
    left.set_ylim(0, 1.05)
    lines(right, sigma, {"loss above the optimum": found.gap}, xlabel="noise level σ", ylabel="gap", log="xy")
    right.set_title("loss above the Bayes optimum")
    left.set_title("loss on fresh data")
    return context.figure(
        figure, "loss-by-sigma", run=here.trained,
        caption="The loss on fresh data by noise level, on the smallest possible one, and the difference.",
        alt="Two line plots over the noise level: the network's loss close above the dashed optimum, and the gap "
            "between them")


def _table(here: Setting, found: Losses) -> Table:
    rows = [(str(i), number(sigma, 3), number(bayes), number(bayes + gap), number(gap, 2), number(heart),
             number(bayes / sigma**2, 3))
            for i, (sigma, bayes, gap, heart) in enumerate(zip(here.sigmas, *found, strict=True), 1)]
    plain = sum(bayes / sigma**2 for bayes, sigma in zip(found.bayes, here.sigmas, strict=True)) / len(here.sigmas)
    rows.append(("all", "—", number(found.floor), number(found.floor + found.excess), number(found.excess, 2),
                 number(found.parrot), number(plain, 3)))
    return Table(header=("level", "σ", "Bayes optimum", "network", "gap", "known by heart", "optimum without λ = σ²"),
                 rows=tuple(rows),
                 caption="The loss by noise level, by quadrature over the plane. The last column leaves out line 4 of "
                         "Algorithm 1.")


def _text(here: Setting, found: Losses) -> tuple[str, ...]:
    last, worst = len(here.sigmas) - 1, max(range(len(found.gap)), key=lambda i: found.gap[i])
    plain = [b / s**2 for b, s in zip(found.bayes, here.sigmas, strict=True)]
    return (
        f"No network brings the loss to 0, since the noise in a point cannot be told from where the point was: the "
        f"smallest possible loss is {number(found.floor)}. It is not estimated from a cloud of points, which would "
        "know its own points and seem too good; the letters are cut into segments, along which the blurred density is "
        "a closed form, and summed over the plane. At σ = "
        f"{number(here.sigmas[0], 3)} the optimum is {number(found.bayes[0])}, because there the letters are narrow "
        f"beside the noise and much of it can be seen; at σ = {number(here.sigmas[last], 3)} it is "
        f"{number(found.bayes[last])}, because inside a stroke nothing tells noise from data, and only at its edges "
        "something does.",
        f"The trained network has {number(found.floor + found.excess)} on fresh data, {number(found.excess, 2)} above "
        f"the optimum. The gap goes from {number(found.gap[0], 2)} at σ = {number(here.sigmas[0], 3)} to "
        f"{number(found.gap[last], 2)} at σ = {number(here.sigmas[last], 3)}, and is largest at "
        f"{number(here.sigmas[worst], 3)}: the smaller σ, the sharper the edges that the network must draw, and it is "
        "told σ as a bare number, in which the smallest levels are hard to tell apart.",
        f"A network that knew its {number(len(here.experiment.data.points))} training points by heart would have "
        f"{number(found.parrot)} on them, {number(found.floor - found.parrot, 2)} below the optimum of the letters: a "
        "training loss below the dashed line is a sign of learning by heart. Without λ = σ² the optimum would go from "
        f"{number(plain[0], 3)} at the largest σ to {number(plain[last], 3)} at the smallest, and the smallest σ "
        f"alone would make {100 * plain[last] / sum(plain):.0f} % of the sum over the levels.",
    )
