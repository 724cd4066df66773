"""S2.16 and S2.17: samples of the conditional model, on their way and at their end."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.grid import grid
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.prior import OraclePrior, Prior
from genloom.diffusion.samplers.registry import sample, trajectory
from genloom.metrics.interval import Interval
from genloom.metrics.region import region_accuracy
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import at_least, fixed
from genloom.report.plots import array, outlines, plane, scatter
from genloom.report.results import Figure, Result, Table
from genloom.rng import SampleNoise, fold
from genloom.studies.context import Context
from genloom.studies.square.setting import VIEW, Setting, legend, setting
from genloom.studies.study import Answer, deliverable

SAMPLES = 2000
_SHOWN_STATES = 250


class Drawn(NamedTuple):
    """Samples (N, 2) and the classes that they were asked for (N,)."""

    points: Tensor
    labels: Tensor


def class_prior(here: Setting, labels: Tensor) -> Prior:
    """p_1(x | y) of the training points: those of each sample's class, blurred by σ(1)."""
    data = here.experiment.data
    return OraclePrior(CloudOracle(here.experiment.schedule, data.points, data.labels).with_labels(labels))


def draw(here: Setting, denoiser: Denoiser, prior: Prior, count: int, seed: int, *, sampler: str = "dpmpp-2m",
         steps: int = 50) -> Tensor:
    """`count` samples, (count, 2) float32, from a start by a deterministic sampler."""
    x = prior.sample(SampleNoise(seed, count, (2,)))
    return sample(sampler, denoiser, x, grid(here.experiment.schedule, steps)).float()


@deliverable("S2.16", "One path for each class",
             question="Sample one point from each class, plot the paths in the colours of their classes, and check "
                      "where they end.")
def s2_16(context: Context) -> Answer:
    """Five paths, each from noise into its region."""
    here = setting(context)
    labels = torch.arange(here.classes)
    steps = here.experiment.recipe.sampling.steps
    start = class_prior(here, labels).sample(SampleNoise(fold(context.seed, 16), here.classes, (2,)))
    denoiser = here.experiment.denoiser(here.trained.networks, labels)
    states = trajectory(here.experiment.recipe.sampling.sampler, denoiser, start, grid(here.experiment.schedule, steps))
    paths = torch.stack([start, *(state.x for state in states)], dim=1)
    ends = paths[:, -1]
    reached = here.boxes.locate(ends)
    right = int((reached == labels).sum())
    rows = tuple(_end_row(here, k, paths[k], int(reached[k])) for k in range(here.classes))
    result = at_least(Result(name="paths that end in the region of their class", value=float(right), n=here.classes,
                             known=float(here.classes), known_name="every class", seeds=(context.seed,)), here.classes)
    lengths = (paths[:, -1] - paths[:, 0]).norm(dim=1)
    detour = float((paths.diff(dim=1).norm(dim=2).sum(1) / lengths).max())
    text = (f"{right} of {here.classes} paths end in the region that they were asked for, after {steps:,} steps of the "
            "text's sampler. They start at p_1(x | y), so mostly outside the square, and travel between "
            f"{fixed(float(lengths.min()), 2)} and {fixed(float(lengths.max()), 2)}. They go almost straight, at most "
            f"{fixed(detour, 2)} times the distance from start to end: at first the denoiser points to the mean of the "
            "region, whatever x is, and turns only when x is near the region.",)
    return Answer(
        text=text,
        figures=[_paths_figure(context, here, paths)],
        results=[result],
        tables=[Table(header=("class", "start", "end", "region reached", "right?"), rows=rows)],
        formula="x_s = x̂0(x_t, t, y) + (σ_s/σ_t)(x_t − x̂0(x_t, t, y)),  y fixed",
        source="S2 Alg. 1 with its exact step",
    )


@deliverable("S2.17", "Samples of the conditional model",
             question="Plot at least 1000 samples of the conditional model, coloured by their classes.")
def s2_17(context: Context) -> Answer:
    """Samples in their classes' colours beside the training points, and how many are in the right region."""
    here = setting(context)
    drawn = context.once("S2.17 samples", lambda: _samples(here, context.seed))
    found = region_accuracy(drawn.points, drawn.labels, here.boxes.low, here.boxes.high, _labels(here))
    share = found.overall
    result = at_least(
        Result(
            name="samples in the region of their class",
            value=share.value,
            interval=(share.low, share.high),
            n=share.n,
            known=1.0,
            known_name="every training point, and every sample of the exact denoiser",
            seeds=(context.seed,),
            source="95 % Wilson interval",
        ),
        0.95,
    )
    lost = int((here.boxes.locate(drawn.points) < 0).sum())
    wrong = round(share.n * (1 - share.value))
    text = (f"{share.n:,} samples whose classes are drawn as often as in the data: {_percent(share)} lie in the region "
            f"of their class. Of the {wrong} that do not, {lost} lie outside the square altogether and {wrong - lost} "
            "in a neighbouring region. To the eye the picture is that of the data: the colours meet at the dashed "
            "borders. What the eye cannot tell is tested in S2.18.",)
    rows = tuple(
        (here.names[k], f"{each.n:,}", _percent(each)) for k, each in enumerate(found.classes) if each is not None
    )
    return Answer(text=text, figures=[_samples_figure(context, here, drawn)], results=[result],
                  tables=[Table(header=("class", "samples", "in their region, 95 % interval"), rows=rows)],
                  formula="k/n with Wilson's interval", source="S2 §2.2.2, conditional 4")


def _samples(here: Setting, seed: int) -> Drawn:
    labels = here.experiment.labels_for(SAMPLES, fold(seed, 17))
    assert labels is not None
    own = here.experiment.recipe.sampling
    denoiser = here.experiment.denoiser(here.trained.networks, labels)
    points = draw(
        here, denoiser, class_prior(here, labels), SAMPLES, fold(seed, 17), sampler=own.sampler, steps=own.steps
    )
    return Drawn(points, labels)


def _labels(here: Setting) -> Tensor:
    assert here.boxes.labels is not None
    return here.boxes.labels


def _percent(share: Interval) -> str:
    return f"{100 * share.value:.1f} % [{100 * share.low:.1f}, {100 * share.high:.1f}]"


def _end_row(here: Setting, k: int, path: Tensor, reached: int) -> tuple[str, ...]:
    return (here.names[k], place(path[0]), place(path[-1]), here.names[reached] if reached >= 0 else "none",
            "yes" if reached == k else "no")


def place(point: Tensor, decimals: int = 2) -> str:
    """A point as text."""
    return f"({', '.join(fixed(float(value), decimals) for value in point)})"


def tint(axes: Any, here: Setting) -> None:
    """The regions in the pale colours of their classes."""
    from matplotlib.patches import Rectangle

    for k in range(here.classes):
        (x, y), (width, height) = here.boxes.low[k].tolist(), (here.boxes.high[k] - here.boxes.low[k]).tolist()
        axes.add_patch(
            Rectangle(
                (x, y), width, height, facecolor=COLORS[k % len(COLORS)], alpha=0.16, edgecolor="none", zorder=0.5
            )
        )
    outlines(axes, here.boxes.low, here.boxes.high)


@styled()
def _paths_figure(context: Context, here: Setting, paths: Tensor) -> Figure:
    figure, (axes,) = canvas(6.0, 4.8)
    tint(axes, here)
    every = max(1, paths.shape[1] // _SHOWN_STATES)
    for k, path in enumerate(paths):
        color, shown = COLORS[k % len(COLORS)], array(torch.cat([path[:-1:every], path[-1:]]))
        axes.plot(shown[:, 0], shown[:, 1], color="white", linewidth=4, zorder=3.5)
        axes.plot(shown[:, 0], shown[:, 1], color=color, linewidth=2, zorder=4)
        axes.scatter(
            shown[0, 0], shown[0, 1], marker="s", s=42, color=color, edgecolors="white", linewidths=0.9, zorder=5
        )
        axes.scatter(
            shown[-1, 0], shown[-1, 1], marker="o", s=52, color="white", edgecolors=color, linewidths=2.2, zorder=6
        )
    reach = max(1.2, float(paths.abs().max()) + 0.2)
    plane(axes, (-reach, -reach), (reach, reach))
    axes.set(xlabel="x", ylabel="y")
    legend(figure, here.names)
    return context.figure(figure, "s2-16-paths", run=here.trained,
                          caption="One sample of each class, from its start at t = 1 (square) to its end (ring), over "
                                  "the five regions.",
                          alt="Five coloured paths from scattered starts into the region of their own colour")


@styled()
def _samples_figure(context: Context, here: Setting, drawn: Drawn) -> Figure:
    figure, (left, right) = canvas(8.6, 4.1, 1, 2, sharex=True, sharey=True)
    data = here.experiment.data
    scatter(left, data.points[:SAMPLES], None if data.labels is None else data.labels[:SAMPLES], size=8)
    scatter(right, drawn.points, drawn.labels, size=8)
    for axes, title in ((left, f"{SAMPLES:,} training points"), (right, f"{len(drawn.points):,} samples of the model")):
        outlines(axes, here.boxes.low, here.boxes.high)
        plane(axes, *VIEW, title)
        axes.set(xlabel="x")
    left.set(ylabel="y")
    legend(figure, here.names)
    return context.figure(figure, "s2-17-samples", run=here.trained,
                          caption="Training points and conditional samples, each in the colour of its class.",
                          alt="Two squares of coloured points, which look alike: a centre and four arms")
