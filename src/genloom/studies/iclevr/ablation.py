"""The recipe of the DDPM with one choice changed at a time, all trained on one small budget and judged alike."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from genloom.errors import NonFiniteError
from genloom.recipes.images import ImagesRecipe
from genloom.recipes.process import Schedule
from genloom.report.figures import COLORS, DASHED, KNOWN, MARKERS, styled
from genloom.report.numbers import at_least, fixed, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr.axes import plain_log
from genloom.studies.iclevr.by_level import FAINT, KEPT, RATIOS, STRONG, errors, linear_errors, relative
from genloom.studies.iclevr.judged import Judged, cell, judge_sets
from genloom.studies.iclevr.spent import minutes
from genloom.studies.iclevr.work import (
    Diffusion,
    both_lists,
    ddpm_recipe,
    diffusion,
    judge,
    seeds,
    sizes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OWN, OWN_KEY = "the recipe", "own"
SCHEDULES: tuple[Literal["linear", "cosine", "sigmoid"], ...] = ("linear", "cosine", "sigmoid")
PREDICTIONS: dict[tuple[str, str], str] = {
    ("posterior-mean", "elbo"): "mean, weighted", ("noise", "elbo"): "noise, weighted", ("noise", "simple"): "noise",
    ("data", "simple"): "data", ("velocity", "simple"): "velocity", ("velocity", "min-snr"): "velocity, min-SNR",
}
"""Pairs of a prediction and a weight, in words; the first four are the text's."""
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
    found = {OWN_KEY: Variant("recipe", OWN, base)}
    for kind in SCHEDULES:
        if kind != base.schedule.kind:
            found[f"schedule-{kind}"] = Variant("schedule", kind, _tabled(base, kind))
    on = base if base.schedule.kind in _TABLES else _tabled(base, "cosine")
    for (prediction, weight), said in PREDICTIONS.items():
        same = (base.diffusion.prediction, base.diffusion.weight) == (prediction, weight)
        if not same or on is not base:
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


def row(context: Context, key: str) -> Row | None:
    """One variant, trained and judged by the first item that asks for it; None where its training broke off."""
    return context.once(("ablation", key), partial(_row, context, key))


def own(context: Context) -> Row:
    """The recipe itself.

    Errors: `NonFiniteError` where its own training breaks off.
    """
    found = row(context, OWN_KEY)
    if found is None:
        raise NonFiniteError("the recipe itself ends in numbers that are not finite on the small budget")
    return found


def rows(context: Context, *groups: str) -> list[Row]:
    """The recipe, and the variants of some groups, or of all; those whose training broke off are left out."""
    keys = [key for key, each in variants(context).items() if not groups or each.group in groups]
    found = [row(context, key) for key in keys if key != OWN_KEY]
    return [own(context), *(each for each in found if each is not None)]


def broken(context: Context, *groups: str) -> str:
    """A sentence on the variants whose training broke off, "" where there is none."""
    lost = [each.said for key, each in variants(context).items()
            if (not groups or each.group in groups) and row(context, key) is None]
    return f" The training broke off in numbers that are not finite: {', '.join(lost)}." if lost else ""


def _row(context: Context, key: str) -> Row | None:
    variant, name = variants(context)[key], f"ablation-{key}"
    try:
        run = diffusion(context.run(variant.recipe, name))
    except NonFiniteError as error:
        context.used.discard(name)
        context.screen.say(f"{name}: {error}")
        return None
    context.screen.say(f"judging {run.name}")
    return Row(variant, run, judged_run(context, run), errors(context, run))


def judged_run(context: Context, run: Diffusion) -> Judged:
    """Its pictures of both lists, with as many seeds as an ablation has."""
    sets = both_lists(context)
    few = seeds(context)[: sizes(context).ablation_seeds]
    return judge_sets(judge(context), [run.draw(sets, seed) for seed in few], sets)


def _linear(context: Context) -> tuple[float, ...]:
    return linear_errors(context, own(context).run.experiment)


def table(context: Context, found: Sequence[Row], caption: str) -> Table:
    """Accuracy and errors of each variant."""
    known = _linear(context)
    body = [(each.variant.said, cell(each.judged.micro), *(number(relative(each.errors, known, which), 3)
                                                           for which in (slice(None), FAINT, STRONG)),
             fixed(minutes(each.run.trained), 1)) for each in found]
    body.append(("best linear denoiser", "—", "1", "1", "1", "—"))
    return Table(header=("", "label accuracy", "error of x̂0", "at σ < α", "at σ > α", "minutes"), rows=tuple(body),
                 caption=f"{caption} Errors are on {KEPT} kept-back pictures, neither guided nor clipped, relative to "
                         "those of the best linear denoiser of the training pictures at the same σ/α: they compare "
                         "models of any schedule and prediction. Accuracy is on both lists, guided as the recipe is.")


def results(context: Context, found: Sequence[Row]) -> list[Result]:
    """The accuracy of each variant beside chance, and its error beside the linear denoiser's."""
    known, each = _linear(context), []
    for one in found:
        share, chance = one.judged.micro, one.judged.chance
        result = Result(name=f"label accuracy: {one.variant.said}", value=share.value, known=chance.micro,
                        known_name="chance", n=share.n, interval=(share.low, share.high))
        first = replace(result, tolerance="above chance by four standard deviations")
        # of the others it is a finding where they know nothing yet
        each.append(at_least(first, chance.micro + 4 * chance.spread) if one.variant.said == OWN else result)
        each.append(Result(name=f"error of x̂0: {one.variant.said}", value=relative(one.errors, known), known=1.0,
                           known_name="best linear denoiser", n=KEPT, seeds=(context.seed,)))
    return each


def budget(context: Context) -> str:
    """What all of them have in common."""
    base, chosen = variants(context)[OWN_KEY].recipe, ddpm_recipe(context).diffusion
    whole = ddpm_recipe(context).engine
    shown = base.engine.steps * base.engine.batch_size
    return (f"Each model is shown {shown:,} pictures, {base.engine.steps:,} steps of {base.engine.batch_size}, "
            f"{shown / (whole.steps * whole.batch_size):.1%} of what the recipe has, from the same first weights with "
            "the recipe's own learning rate, and one thing changed. So small a budget tells what gets off the ground; "
            "one training each, so that differences of a few points say nothing. The recipe: schedule "
            f"{base.schedule.kind}, prediction {chosen.prediction}, weight {chosen.weight}, told by "
            f"{base.network.conditioning}.")


@styled()
def draw_errors(axes: "Axes", context: Context, found: Sequence[Row]) -> None:
    """Each variant's errors over σ/α, in units of the linear denoiser's."""
    known = _linear(context)
    for k, each in enumerate(found):
        values = [math.sqrt(one / other) for one, other in zip(each.errors, known, strict=True)]
        axes.plot(RATIOS, values, color=COLORS[k % len(COLORS)], marker=MARKERS[k % len(MARKERS)], markersize=4,
                  label=each.variant.said)
    axes.axhline(1.0, color=KNOWN, linewidth=1.1, linestyle=DASHED, label="best linear denoiser")
    axes.set(xscale="log", yscale="log", xlabel="σ/α", ylabel="error of x̂0, in units of the linear one's")
    plain_log(axes.xaxis, axes.yaxis)
    axes.set_xticks((0.05, 0.2, 1, 5, 20))
