"""The recipe of the DDPM with one choice changed at a time, all trained on one small budget and judged alike."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.schedule import Level
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images import ImagesRecipe
from genloom.recipes.images_parts import floats
from genloom.recipes.process import Schedule
from genloom.report.figures import COLORS, DASHED, KNOWN, MARKERS, styled
from genloom.report.numbers import at_least, fixed, number
from genloom.report.results import Result, Table
from genloom.rng import SampleNoise
from genloom.studies.context import Context
from genloom.studies.iclevr.axes import plain_log
from genloom.studies.iclevr.judged import Judged, cell, judge_sets
from genloom.studies.iclevr.spent import minutes
from genloom.studies.iclevr.wiener import Wiener, wiener
from genloom.studies.iclevr.work import (
    Diffusion,
    both_lists,
    ddpm_recipe,
    diffusion,
    judge,
    labels_of,
    seeds,
    sizes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OWN = "the recipe"
SCHEDULES: tuple[Literal["linear", "cosine", "sigmoid"], ...] = ("linear", "cosine", "sigmoid")
PREDICTIONS: dict[tuple[str, str], str] = {
    ("posterior-mean", "elbo"): "mean, weighted", ("noise", "elbo"): "noise, weighted", ("noise", "simple"): "noise",
    ("data", "simple"): "data", ("velocity", "simple"): "velocity", ("velocity", "min-snr"): "velocity, min-SNR",
}
"""Pairs of a prediction and a weight, in words; the first four are the text's."""
RATIOS = tuple(0.05 * 400 ** (k / 11) for k in range(12))
"""σ/α from 0.05, where hardly anything is hidden, to 20, where hardly anything is left."""
_KEPT, _FITTED = 192, 2000  # pictures of the errors, and those that the linear denoiser knows
_TABLES = ("linear", "cosine", "sigmoid", "table")


class Variant(NamedTuple):
    """The recipe with one choice changed: which, in words, and whether it is the recipe itself."""

    group: Literal["recipe", "schedule", "prediction", "conditioning"]
    said: str
    recipe: ImagesRecipe


class Row(NamedTuple):
    """A variant, its run, and what is said of it.

    judged   its pictures of both lists
    errors   mean square of x̂0 − x0 on kept-back pictures, at each of `RATIOS`
    """

    variant: Variant
    run: Diffusion
    judged: Judged
    errors: tuple[float, ...]


def small(chosen: ImagesRecipe, shown: int) -> ImagesRecipe:
    """The recipe for so many pictures in training."""
    steps = max(1, shown // chosen.engine.batch_size)
    engine = replace(chosen.engine, steps=steps, keep=1, save_every=0, evaluate_every=0, sample_every=0,
                     log_every=max(1, min(chosen.engine.log_every, steps // 20)))
    optimizer = replace(chosen.optimizer, warmup=min(chosen.optimizer.warmup, steps // 10))
    return replace(chosen, engine=engine, optimizer=optimizer)


def variants(context: Context) -> dict[str, Variant]:
    """By the name of the run: the recipe, and each other schedule, prediction and conditioning."""
    base = small(ddpm_recipe(context), sizes(context).ablation)
    found = {"own": Variant("recipe", OWN, base)}
    for kind in SCHEDULES:
        if kind != base.schedule.kind:
            found[f"schedule-{kind}"] = Variant("schedule", kind, _tabled(base, kind))
    on = base if base.schedule.kind in _TABLES else _tabled(base, "cosine")
    for (prediction, weight), said in PREDICTIONS.items():
        own = (base.diffusion.prediction, base.diffusion.weight) == (prediction, weight)
        if not own or on is not base:
            found[f"{prediction}-{weight}"] = Variant("prediction", said, replace(
                on, diffusion=replace(on.diffusion, **_choice(prediction, weight))))
    other = "labels" if base.network.conditioning == "tokens" else "tokens"
    words = {"labels": "the sum of the labels alone", "tokens": "the sum, and labels as tokens"}
    network = replace(base.network, conditioning=other)  # type: ignore[arg-type]
    found[f"told-{other}"] = Variant("conditioning", words[other], replace(base, network=network))
    return found


def _choice(prediction: str, weight: str) -> dict[str, Any]:
    return {"prediction": prediction, "weight": weight}


def _tabled(base: ImagesRecipe, kind: Literal["linear", "cosine", "sigmoid"]) -> ImagesRecipe:
    steps = base.schedule.steps if base.schedule.kind in _TABLES else Schedule().steps
    return replace(base, schedule=Schedule(kind=kind, steps=steps))


def row(context: Context, key: str) -> Row:
    """One variant, trained and judged by the first item that asks for it."""
    return context.once(("ablation", key), partial(_row, context, key))


def rows(context: Context, group: str) -> list[Row]:
    """The recipe, and the variants of one group."""
    return [row(context, key) for key, each in variants(context).items() if each.group in ("recipe", group)]


def _row(context: Context, key: str) -> Row:
    variant = variants(context)[key]
    run = diffusion(context.run(variant.recipe, f"ablation-{key}"))
    context.screen.say(f"judging {run.name}")
    return Row(variant, run, judged_run(context, run), errors(context, run.experiment, run))


def judged_run(context: Context, run: Diffusion) -> Judged:
    """Its pictures of both lists, with as many seeds as an ablation has."""
    sets = both_lists(context)
    few = seeds(context)[: sizes(context).ablation_seeds]
    return judge_sets(judge(context), [run.draw(sets, seed) for seed in few], sets)


class Kept(NamedTuple):
    """Kept-back pictures as a model diffuses them, (N, …), and their label sets."""

    x0: Tensor
    sets: Tensor


def kept(experiment: ImagesExperiment) -> Kept:
    """The first kept-back pictures; nothing is chosen by them."""
    x0 = experiment.states(floats(experiment.kept, experiment.recipe.data.size, _KEPT))
    return Kept(x0, labels_of(experiment.kept)[: len(x0)])


@torch.no_grad()
def errors(context: Context, experiment: ImagesExperiment, run: Diffusion) -> tuple[float, ...]:
    """Mean square of x̂0 − x0 at each ratio, neither guided nor clipped, with the same noise for every model."""
    there, noise, found = kept(experiment), _noise(context, experiment), []
    sampling = replace(experiment.recipe.sampling, guidance=1.0, clip=False)
    denoiser = experiment.denoiser(run.trained.networks, there.sets, sampling)
    device = next(run.trained.networks["denoiser"].parameters()).device
    for level in levels(experiment):
        x = float(level.alpha) * there.x0 + float(level.sigma) * noise()
        found.append(float((denoiser(x.to(device), level.t).x0.cpu() - there.x0).double().square().mean()))
    return tuple(found)


def levels(experiment: ImagesExperiment) -> Iterator[Level]:
    """The schedule where σ/α is each of the ratios, whatever its times are."""
    for t in experiment.schedule.time(torch.tensor(RATIOS, dtype=torch.float64)).tolist():
        yield experiment.schedule.level(t)


def linear_errors(context: Context) -> tuple[float, ...]:
    """The same of the best linear denoiser of the training pictures."""
    return context.once("linear errors", lambda: _linear_errors(context))


@torch.no_grad()
def _linear_errors(context: Context) -> tuple[float, ...]:
    experiment = row(context, "own").run.experiment
    there, noise, found = kept(experiment), _noise(context, experiment), []
    known: Wiener = wiener(experiment.states(floats(experiment.data, experiment.recipe.data.size, _FITTED)))
    for ratio in RATIOS:
        alpha = 1 / math.sqrt(1 + ratio**2)
        sigma = ratio * alpha
        x = alpha * there.x0 + sigma * noise()
        found.append(float((known(x, alpha, sigma) - there.x0).double().square().mean()))
    return tuple(found)


def _noise(context: Context, experiment: ImagesExperiment) -> SampleNoise:
    return SampleNoise(context.seed, min(_KEPT, len(experiment.kept)), experiment.shape)


def relative(found: Sequence[float], known: Sequence[float], which: slice = slice(None)) -> float:
    """Root mean square errors over those of the linear denoiser, their geometric mean over the ratios."""
    logs = [0.5 * math.log(each / other) for each, other in zip(found[which], known[which], strict=True)]
    return math.exp(sum(logs) / len(logs))


FAINT, STRONG = slice(0, 6), slice(6, 12)
"""Ratios below and above 1: where details are decided, and where it is decided what is there."""


def table(context: Context, found: Sequence[Row], caption: str) -> Table:
    """Accuracy and errors of each variant."""
    known = linear_errors(context)
    body = [(each.variant.said, cell(each.judged.micro), *(number(relative(each.errors, known, which), 3)
                                                           for which in (slice(None), FAINT, STRONG)),
             fixed(minutes(each.run.trained), 1)) for each in found]
    body.append(("best linear denoiser", "—", "1", "1", "1", "—"))
    return Table(header=("", "label accuracy", "error of x̂0", "at σ < α", "at σ > α", "minutes"), rows=tuple(body),
                 caption=f"{caption} Errors are on {_KEPT} kept-back pictures, neither guided nor clipped, relative to "
                         "those of the best linear denoiser of the training pictures at the same σ/α: they compare "
                         "models of any schedule and prediction. Accuracy is on both lists, guided as the recipe is.")


def results(context: Context, found: Sequence[Row]) -> list[Result]:
    """The accuracy of each variant beside chance, and its error beside the linear denoiser's."""
    known, each = linear_errors(context), []
    for one in found:
        share, chance = one.judged.micro, one.judged.chance
        result = Result(name=f"label accuracy: {one.variant.said}", value=share.value, known=chance.micro,
                        known_name="chance", n=share.n, interval=(share.low, share.high))
        own = replace(result, tolerance="above chance by four standard deviations")
        # of the others it is a finding where they know nothing yet
        each.append(at_least(own, chance.micro + 4 * chance.spread) if one.variant.said == OWN else result)
        each.append(Result(name=f"error of x̂0: {one.variant.said}", value=relative(one.errors, known), known=1.0,
                           known_name="best linear denoiser", n=_KEPT, seeds=(context.seed,)))
    return each


def budget(context: Context) -> str:
    """What all of them have in common."""
    own, chosen = variants(context)["own"].recipe, ddpm_recipe(context).diffusion
    whole = ddpm_recipe(context).engine
    shown = own.engine.steps * own.engine.batch_size
    return (f"Each model is shown {shown:,} pictures, {own.engine.steps:,} steps of {own.engine.batch_size}, "
            f"{shown / (whole.steps * whole.batch_size):.1%} of what the recipe has, from the same first weights with "
            "the recipe's own learning rate, and one thing changed. So small a budget tells what gets off the ground; "
            "one training each, so that differences of a few points say nothing. The recipe: schedule "
            f"{own.schedule.kind}, prediction {chosen.prediction}, weight {chosen.weight}, told by "
            f"{own.network.conditioning}.")


@styled()
def draw_errors(axes: "Axes", context: Context, found: Sequence[Row]) -> None:
    """Each variant's errors over σ/α, in units of the linear denoiser's."""
    known = linear_errors(context)
    for k, each in enumerate(found):
        values = [math.sqrt(one / other) for one, other in zip(each.errors, known, strict=True)]
        axes.plot(RATIOS, values, color=COLORS[k % len(COLORS)], marker=MARKERS[k % len(MARKERS)], markersize=4,
                  label=each.variant.said)
    axes.axhline(1.0, color=KNOWN, linewidth=1.1, linestyle=DASHED, label="best linear denoiser")
    axes.set(xscale="log", yscale="log", xlabel="σ/α", ylabel="error of x̂0, in units of the linear one's")
    plain_log(axes.xaxis, axes.yaxis)
    axes.set_xticks((0.05, 0.2, 1, 5, 20))
