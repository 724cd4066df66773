"""S0.3: training and validation errors over the steps, and which checkpoint is taken."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from genloom.recipes.audit_forecaster import history
from genloom.report.figures import COLORS, GRAY, INK, canvas, legend_above, styled
from genloom.report.numbers import at_most, fixed, near, number
from genloom.report.plots import running_mean
from genloom.report.results import Figure, Result, Table
from genloom.report.run_page import read_losses
from genloom.studies.context import Context
from genloom.studies.forecasting.work import Model, standard
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SMOOTH = 25  # steps of the running mean of the training error


class Curve(NamedTuple):
    """A training: errors of batches, errors on validation, the step that was taken, and steps of an epoch."""

    seed: int
    steps: Sequence[int]
    losses: Sequence[float]
    looked: Sequence[int]
    valid: Sequence[float]
    best: int
    epoch: int
    planned: int


@deliverable("S0.3", "Training and validation curves", question="Report training and validation curves.")
def curves(context: Context) -> Answer:
    """Curves of every seed, epochs marked, and the checkpoint with the least validation error."""
    models = standard(context)
    found = [curve(model) for model in models]
    rows = tuple((str(each.seed), f"{each.steps[-1]:,} of {each.planned:,}", fixed(each.steps[-1] / each.epoch, 2),
                  str(each.best), fixed(each.best / each.epoch, 2), fixed(late(each), 4), fixed(min(each.valid), 4),
                  fixed(each.valid[-1], 4)) for each in found)
    return Answer(
        text=("The error is the mean squared one in scaled units: 1 is what forecasting the mean of the training rows "
              "costs on the training rows. Validation is looked at several times in an epoch, since this network is "
              "at its best early, and training ends when looks in a row are no better. The checkpoint with the least "
              "validation error is taken; an error that is no number is never the least.",
              _said(found)),
        figures=(_figure(context, found),),
        tables=(Table(header=("seed", "steps", "epochs", "taken at step", "at epoch", "training at the end",
                              "validation, least", "validation, last"), rows=rows,
                      caption=f"Batches of {models[0].experiment.recipe.engine.batch_size}; the training error is a "
                              f"mean over the last {_SMOOTH} steps."),),
        results=tuple(_results(models, found)),
        formula="L = mean over windows, steps and channels of (ŷ − y)²", source="problem text, 1.3",
    )


def curve(model: Model) -> Curve:
    """The training of a model, from its logs."""
    path, recipe = model.trained.path, model.experiment.recipe
    steps, losses = read_losses(path / "metrics.jsonl")
    looks = history(model.experiment, path)
    return Curve(recipe.engine.seed, steps, losses, looks.steps, looks.values, looks.best or 0,
                 max(1, len(model.experiment.parts.train) // recipe.engine.batch_size), recipe.engine.steps)


def late(each: Curve) -> float:
    """The training error at the end."""
    last = each.losses[-_SMOOTH:]
    return sum(last) / len(last)


def _said(found: Sequence[Curve]) -> str:
    gap = [each.valid[-1] - min(each.valid) for each in found]
    worse = sum(each > 0 for each in gap)
    said = (f"In {worse} of {len(found)} seeds validation was worse at the end than at its best, by "
            f"{number(max(gap), 2)} at most; the training error at the end is {number(late(found[0]), 3)} with the "
            f"first seed, and the least on validation {number(min(found[0].valid), 3)}.")
    return said if not worse else said + " What is learned after the best step holds for the training months alone."


def _figure(context: Context, found: Sequence[Curve]) -> Figure:
    figure, axes = canvas(3.6 * max(2, len(found)), 3.6, 1, len(found), sharey=True)
    for axis, each in zip(axes, found, strict=True):
        _draw(axis, each)
    legend_above(figure, axes[0])
    least = ", ".join(f"{min(each.valid):.3f} at step {each.best}" for each in found)
    return context.figure(
        figure, "curves", alt=f"Training errors fall; validation errors are least with {least}",
        caption="Training error of each step, pale, its running mean, and the error on validation; vertical lines are "
                "epochs, the ring is the checkpoint that is taken. One panel a seed.")


@styled()
def _draw(axes: "Axes", each: Curve) -> None:
    axes.plot(each.steps, each.losses, color=COLORS[5], linewidth=0.7, alpha=0.6, label="training")
    axes.plot(each.steps, running_mean(each.losses, _SMOOTH), color=COLORS[0], label="training, running mean")
    axes.plot(each.looked, each.valid, color=COLORS[1], marker="s", markersize=4, label="validation")
    axes.plot(each.best, min(each.valid), marker="o", markersize=12, fillstyle="none", color=INK)
    for step in range(each.epoch, each.steps[-1] + 1, each.epoch):
        axes.axvline(step, color=GRAY, linewidth=0.7)
    axes.set(xlabel="step", ylabel="MSE, scaled", title=f"seed {each.seed}", ylim=(0, None))


def _results(models: Sequence[Model], found: Sequence[Curve]) -> list[Result]:
    apart = max(dict(zip(each.looked, each.valid, strict=True)).get(each.best, math.inf) - min(each.valid)
                for each in found)
    first = [sum(each.losses[:3]) / len(each.losses[:3]) for each in found]
    seeds = tuple(each.seed for each in found)
    return [
        near(Result(name="validation error of the checkpoint that is taken, less the least", value=apart, known=0.0,
                    known_name="the least is taken", n=sum(len(each.valid) for each in found), seeds=seeds), 0.0),
        near(Result(name="evaluations that are no number", value=sum(not math.isfinite(value) for each in found
                                                                     for value in each.valid),
                    known=0, known_name="none", seeds=seeds), 0),
        at_most(Result(name="training error at the end over that of the first steps", seeds=seeds,
                       value=max(late(each) / start for each, start in zip(found, first, strict=True)),
                       known=1.0, known_name="nothing is learned", n=len(models)), 1.0),
    ]
