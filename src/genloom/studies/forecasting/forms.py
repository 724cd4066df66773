"""Candidates for the best recipe, and what validation says of them: two folds, of which neither knows the test."""

from dataclasses import replace
from functools import partial
from typing import Literal, NamedTuple

from genloom.forecasting.blend import Blend
from genloom.recipes.build_forecaster import NAME, ForecasterExperiment
from genloom.recipes.experiment import build
from genloom.recipes.forecaster import Data, ForecasterRecipe, Network
from genloom.recipes.registry import recipe
from genloom.studies.context import Context
from genloom.studies.forecasting.work import Both, experiment, here, measured, sizes

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the mean of the last days, at which a form is looked at."""


class Form(NamedTuple):
    """A forecast in closed form: the daily profile of the training rows is taken off, windows are less their mean.

    kind        linear: every row of the lookback to every row of the horizon; periodic: day to day
    constants   whether a constant is added to each row of the forecast
    """

    kind: Literal["linear", "periodic"]
    constants: bool
    lookback: int

    def __str__(self) -> str:
        return f"{self.kind}, {self.lookback} rows, {'with' if self.constants else 'no'} constants"


class Scored(NamedTuple):
    """What a form has: the squared error of each fold's validation rows, and of the test rows."""

    folds: tuple[float, float]
    test: Both

    @property
    def validation(self) -> float:
        """The mean over folds."""
        return sum(self.folds) / 2


KINDS: tuple[Literal["linear", "periodic"], ...] = ("periodic", "linear")


def forms(context: Context, lookback: int = 0) -> tuple[Form, ...]:
    """All candidates, or those of one lookback."""
    return tuple(Form(kind, constants, rows) for rows in sizes(context).lookbacks if lookback in (0, rows)
                 for kind in KINDS for constants in (False, True))


def recipe_of(context: Context, form: Form, seed: int = 0, *, blend: bool = True) -> ForecasterRecipe:
    """The recipe `periodic-etth1` in this form."""
    base: ForecasterRecipe = recipe("periodic-etth1", context.tier)
    network: Network = replace(base.network, kind=form.kind, constants=form.constants, blend=blend,
                               cycle=experiment(context).period)
    return replace(base, data=here(context).data, network=network, engine=replace(base.engine, seed=seed),
                   window=replace(base.window, lookback=form.lookback, horizon=sizes(context).horizon))


def fold(context: Context, chosen: ForecasterRecipe) -> ForecasterRecipe:
    """The same on the first fold: two thirds of the training rows are trained on, the last third is validation."""
    made = experiment(context)
    times, rows = made.series.times, made.borders.train.stop
    data: Data = replace(chosen.data, borders="dates", valid_from=str(times[2 * rows // 3]),
                         test_from=str(times[rows]))
    return replace(chosen, data=data)


def scored(context: Context, form: Form) -> Scored:
    """The errors of a form without its blend; the test error is told, and decides nothing."""
    return context.once(("form", form), partial(_scored, context, form))


def _scored(context: Context, form: Form) -> Scored:
    chosen = recipe_of(context, form, blend=False)
    early, late = (_built(context, each) for each in (fold(context, chosen), chosen))
    first, second = (measured(made, {NAME: made.network}, made.parts.valid).scaled.mse for made in (early, late))
    context.screen.say(f"{form}: validation {first:.4f}, {second:.4f}")
    return Scored((first, second), measured(late, {NAME: late.network}, late.parts.test))


def weighed(context: Context, form: Form) -> dict[float, tuple[float, float, float]]:
    """Errors of the first fold, the second and the test, by the weight of the mean of the last days."""
    def work() -> dict[float, tuple[float, float, float]]:
        chosen = recipe_of(context, form)
        early, late = (_built(context, each) for each in (fold(context, chosen), chosen))
        return {weight: (_at(early, weight, "valid"), _at(late, weight, "valid"), _at(late, weight, "test"))
                for weight in WEIGHTS}

    return context.once(("weighed", form), work)


def _at(made: ForecasterExperiment, weight: float, part: str) -> float:
    blend = made.network.blend
    assert isinstance(blend, Blend)
    before = float(blend.weight)
    blend.weight.fill_(weight)
    try:
        return measured(made, {NAME: made.network}, getattr(made.parts, part)).scaled.mse
    finally:
        blend.weight.fill_(before)


def _built(context: Context, chosen: ForecasterRecipe) -> ForecasterExperiment:
    made = build(chosen, context.data_root)
    assert isinstance(made, ForecasterExperiment)
    return made
