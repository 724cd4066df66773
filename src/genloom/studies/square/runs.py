"""The two trained models that the study's items stand on."""

from dataclasses import replace

from genloom.recipes.registry import recipe
from genloom.studies.context import Context, Trained


def unconditional(context: Context) -> Trained:
    """The model of the whole square, trained once for all items that ask for it."""
    return _run(context, "ve-square")


def conditional(context: Context) -> Trained:
    """The model that is told which of five regions a point is in."""
    return _run(context, "ve-square-classes")


def _run(context: Context, name: str) -> Trained:
    chosen = recipe(name, context.tier)
    return context.run(replace(chosen, engine=replace(chosen.engine, seed=context.seed)), name)
