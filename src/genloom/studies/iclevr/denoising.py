"""S1.14: from noise to {red sphere, yellow cube, cyan cylinder}, and when it is decided what is there."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.data.images.labelsets import multi_hot
from genloom.diffusion.samplers.state import State
from genloom.metrics.interval import Interval
from genloom.metrics.label_accuracy import chance
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import cell, judge_sets
from genloom.studies.iclevr.work import Diffusion, ddpm, judge, names, sizes
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASKED = ("red sphere", "yellow cube", "cyan cylinder")
"""The label set of the text's figure."""
_LEAST = 8  # stages that the text's figure has


class Stage(NamedTuple):
    """A state on the way, of several starts.

    step, ratio   how many steps were taken, and σ/α there
    x, guess      x_t and x̂0, bytes (N, 3, S, S): x_t as it is, clamped for display alone
    spread        standard deviation of x_t
    """

    step: int
    ratio: float
    x: Tensor
    guess: Tensor
    spread: float


@deliverable("S1.14", "Denoising process",
             question="Show the denoising process in a grid, with the label set [\"red sphere\", \"yellow cube\", "
                      "\"cyan cylinder\"].")
def denoising(context: Context) -> Answer:
    """A row of x_t and one of x̂0, and how many of the three labels are found in x̂0 along the way."""
    model, way = ddpm(context), context.once("stages", lambda: stages(context))
    found = [context.once(("stage", each.step), partial(_named, context, each)) for each in way]
    start, end = way[0], found[-1]
    expected = float(model.experiment.prior.std)
    return Answer(
        text=(
            f"The set is {{{', '.join(ASKED)}}}. The first figure has {len(way)} states of one picture from the noise "
            f"to the end, {len(model.experiment.levels()) - 1} steps of {model.recipe.sampling.sampler} in all: above "
            "x_t, below what the model believes at that moment, x̂0. The states are shown as they are; they are clamped "
            "to colours, and nothing else is done to them.",
            _decided(way, found),
        ),
        figures=(_row(context, model, way), _curve(context, model, way, found)),
        tables=(_table(way, found),),
        results=(
            at_least(Result(name="stages in the figure", value=len(way), known=_LEAST, known_name="the text's figure, "
                            "at least"), _LEAST),
            near(Result(name="standard deviation of x_T, over starts and pixels", value=start.spread, known=expected,
                        known_name="that of x at t = 1", n=start.x.numel()), 0.02 * expected),
            at_least(Result(name="labels of the set that the judge finds at the end", value=end.value, n=end.n,
                            known=_chance(), known_name="chance", interval=(end.low, end.high),
                            seeds=(context.seed,), tolerance="above chance"), _chance()),
        ),
        formula="x_T → x_t → x_0;   x̂0 = E[x_0 | x_t, y] as the model has it",
        source="problem text, Fig. 2; Ho et al. 2020, Alg. 2",
    )


@torch.no_grad()
def stages(context: Context) -> list[Stage]:
    """States of `starts` pictures of the set, evenly spaced in steps, with the first and the last among them."""
    model = ddpm(context)
    here, sampling, count = model.experiment, model.recipe.sampling, sizes(context).starts
    sets = multi_hot([ASKED], names(context)).expand(count, -1)
    noise = here.noise(model.trained.networks, count, context.seed)
    denoiser = here.denoiser(model.trained.networks, sets, sampling)
    states = list(here.walk(denoiser, sampling, noise))
    last = len(states) - 1
    steps = sorted({round(last * k / (sizes(context).stages - 1)) for k in range(sizes(context).stages)})
    return [_stage(model, step, states) for step in steps]


def _stage(model: Diffusion, step: int, states: Sequence[State]) -> Stage:
    """A state with what the model believes at it, which the next step has used."""
    here, state = model.experiment, states[step]
    guess = states[min(step + 1, len(states) - 1)].x0
    level = state.level
    ratio = float(level.sigma) / float(level.alpha) if float(level.alpha) else float("inf")
    shown = to_pictures(state.x).cpu() if here.space is None else here.pictures(state.x)
    return Stage(step, ratio, shown, here.pictures(guess), float(state.x.std()))


def _named(context: Context, each: Stage) -> Interval:
    """How many of the three labels the judge finds in x̂0, over all starts."""
    sets = multi_hot([ASKED], names(context)).expand(len(each.guess), -1)
    found = judge_sets(judge(context), [each.guess], sets)
    return found.found.micro


def _chance() -> float:
    return chance(torch.tensor([len(ASKED)]), 24).micro


def _decided(way: Sequence[Stage], found: Sequence[Interval]) -> str:
    said = (f"To see when it is decided what is there, the judge looks at x̂0 of {len(way[0].x)} starts at each stage. "
            f"At the beginning it finds {found[0].value:.2f} of the labels, at the end {found[-1].value:.2f}; chance "
            f"is {_chance():.3f}. ")
    if found[-1].value <= _chance():
        return f"{said}Nothing was decided: the model does not draw what it is asked for."
    goal = _chance() + 0.9 * (found[-1].value - _chance())
    first = next(each for each, share in zip(way, found, strict=True) if share.value >= goal)
    return (f"{said}Nine tenths of that way are gone at step {first.step}, where σ/α is {number(first.ratio, 2)}; what "
            "follows changes how the objects look, and no longer which they are.")


def _table(way: Sequence[Stage], found: Sequence[Interval]) -> Table:
    rows = tuple((str(each.step), number(each.ratio, 3), number(each.spread, 3), cell(share))
                 for each, share in zip(way, found, strict=True))
    return Table(header=("step", "σ/α", "standard deviation of x_t", "labels found in x̂0"), rows=rows,
                 caption=f"{len(way[0].x)} starts of the set; chance is {_chance():.3f}.")


def _row(context: Context, model: Diffusion, way: Sequence[Stage]) -> Figure:
    rows = {"x_t": torch.stack([each.x[0] for each in way]), "x̂0": torch.stack([each.guess[0] for each in way])}
    labels = [f"σ/α = {number(each.ratio, 2)}" for each in way]
    return context.figure(rows_figure(rows, labels, cell=0.95), "denoising", run=model.trained,
                          caption=f"Denoising {{{', '.join(ASKED)}}}: x_t, and what the model believes at it.",
                          alt=f"Two rows of {len(way)} pictures, from pure noise at the left to the finished one at "
                              "the right: above as it is, below without its noise")


def _curve(context: Context, model: Diffusion, way: Sequence[Stage], found: Sequence[Interval]) -> Figure:
    figure, (axes,) = canvas(6.6, 3.2)
    _draw(axes, way, found)
    return context.figure(figure, "decided", run=model.trained,
                          caption=f"Share of the three labels that the judge finds in x̂0, over {len(way[0].x)} starts, "
                                  "with 95 % intervals; dashed is chance.",
                          alt=f"A curve over the steps from {found[0].value:.2f} to {found[-1].value:.2f}")


@styled()
def _draw(axes: "Axes", way: Sequence[Stage], found: Sequence[Interval]) -> None:
    bars = [[each.value - each.low for each in found], [each.high - each.value for each in found]]
    axes.errorbar([each.step for each in way], [each.value for each in found], yerr=bars, color=COLORS[0], marker="o",
                  elinewidth=0.9)
    axes.axhline(_chance(), color=KNOWN, linewidth=1.1, linestyle=DASHED)
    axes.set(xlabel="steps taken", ylabel="labels found in x̂0", ylim=(0, 1.03))
