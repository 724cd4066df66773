"""What all of it costs, in minutes and in joules."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from genloom import machine
from genloom.recipes.experiment import build
from genloom.recipes.serial import to_yaml
from genloom.report.numbers import at_most, duration, fixed, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr.energy import Spent, spent
from genloom.studies.iclevr.spent import minutes
from genloom.studies.iclevr.work import both_lists, ddpm, ddpm_recipe, gan, gan_recipe, models
from genloom.studies.study import Answer, deliverable
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen

LIMITS = {"GAN": 90.0, "DDPM": 90.0}
"""Minutes of training on a laptop, at most."""
_FEW, _MORE = 4, 16  # steps: the difference of the two trainings is free of what a start costs
_DRAWN = 16


class Training(NamedTuple):
    """What a step costs here and now, and what all of them took where it was trained.

    step      seconds and joules of a step
    steps     of the recipe
    minutes   by the log or the card; NaN where nothing tells
    """

    said: str
    step: Spent
    steps: int
    shown: int
    minutes: float


@deliverable("cost", "Minutes and joules", question="What does it cost to train and to draw?")
def cost(context: Context) -> Answer:
    """Time and energy of a step and of a picture, measured here, and of the whole trainings."""
    found = [context.once(("cost", name), partial(_training, context, name)) for name in ("GAN", "DDPM")]
    drawing = {model.said: context.once(("drawing", model.name), partial(_drawing, context, model.draw))
               for model in models(context)}
    here = machine.environment()
    return Answer(
        text=(
            f"Measured on {here['device']} with {here['threads']} threads. A step's cost is that of {_MORE - _FEW} "
            "steps of the engine, the difference of two short trainings, so that starting and saving do not count; a "
            f"picture's is that of {_DRAWN} drawn together.",
            *(_said(each) for each in found),
            _energy(found[0].step),
        ),
        tables=(_trainings(found), _drawings(drawing)),
        results=(*_minutes(context, found), *_pictures(drawing)),
        source="Strubell et al. 2019 (energy as a number of a report); Linux kernel, Power Capping Framework",
    )


def _training(context: Context, name: str) -> Training:
    chosen, model = (gan_recipe(context), gan(context)) if name == "GAN" else (ddpm_recipe(context), ddpm(context))
    context.screen.say(f"timing the training of the {name}")
    few, more = (spent(partial(steps_of, context, chosen, steps)) for steps in (_FEW, _MORE))
    count = _MORE - _FEW
    joules = None if few.joules is None or more.joules is None else max(0.0, more.joules - few.joules) / count
    step = Spent(max(0.0, more.seconds - few.seconds) / count, joules, more.told)
    shown = chosen.engine.batch_size * (chosen.loss.critic_steps if name == "GAN" else 1)  # type: ignore[union-attr]
    return Training(name, step, chosen.engine.steps, shown, minutes(model.trained))


def steps_of(context: Context, chosen: Any, steps: int) -> None:
    """Train a recipe for some steps in a folder that is thrown away."""
    engine = replace(chosen.engine, steps=steps, keep=1, save_every=0, evaluate_every=0, sample_every=0,
                     log_every=steps, tensorboard=False, wandb="off")
    recipe = replace(chosen, engine=engine)
    job = replace(build(recipe, context.data_root).job(), judge=None, draw=None, watch=None)
    with tempfile.TemporaryDirectory() as folder:
        fit(job, RunFolder.create(Path(folder) / "run", to_yaml(recipe), ["genloom"], {}), screen=Screen("quiet"))


def _drawing(context: Context, draw: Callable[..., object]) -> Spent:
    sets = both_lists(context)[:_DRAWN]
    draw(sets, context.seed)
    found = spent(lambda: draw(sets, context.seed))
    return Spent(found.seconds / len(sets), None if found.joules is None else found.joules / len(sets), found.told)


def _said(each: Training) -> str:
    whole = each.step.seconds * each.steps
    took = "" if each.minutes != each.minutes else f"; it took {fixed(each.minutes, 1)} minutes when it was trained"
    return (f"{each.said}: {number(each.step.seconds, 3)} s a step of {each.shown} pictures, "
            f"{number(each.shown / max(each.step.seconds, 1e-9), 3)} pictures a second; {number(each.steps)} steps are "
            f"{duration(whole)} at this rate{took}.")


def _energy(step: Spent) -> str:
    if step.joules is None:
        return f"Energy: {step.told}. Where a machine tells, this item has joules too."
    return f"Energy by {step.told}; what else the machine did at the time is counted with it."


def _joules(each: Spent, times: float = 1.0, unit: float = 1.0) -> str:
    return "—" if each.joules is None else number(each.joules * times / unit, 3)


def _trainings(found: list[Training]) -> Table:
    rows = tuple((each.said, number(each.step.seconds, 3), _joules(each.step), number(each.steps),
                  fixed(each.step.seconds * each.steps / 60, 1),
                  "—" if each.minutes != each.minutes else fixed(each.minutes, 1),
                  _joules(each.step, each.steps, 1000)) for each in found)
    return Table(header=("training", "s a step", "J a step", "steps", "minutes at this rate", "minutes it took",
                         "kJ at this rate"), rows=rows, caption="What the trainings cost.")


def _drawings(found: dict[str, Spent]) -> Table:
    rows = tuple((name, number(1000 * each.seconds, 3), _joules(each)) for name, each in found.items())
    return Table(header=("drawing", "ms a picture", "J a picture"), rows=rows, caption="What a picture costs.")


def _minutes(context: Context, found: list[Training]) -> Iterator[Result]:
    for each in found:
        if each.minutes == each.minutes:
            result = Result(name=f"minutes of training: {each.said}", value=each.minutes, unit="min",
                            known=LIMITS[each.said], known_name="laptop, at most", seeds=(context.seed,))
            yield at_most(result, LIMITS[each.said]) if context.tier == "laptop" else result
        yield Result(name=f"minutes of training at the present rate: {each.said}", unit="min", n=_MORE - _FEW,
                     value=each.step.seconds * each.steps / 60)
        if each.step.joules is not None:
            yield Result(name=f"energy of the training at the present rate: {each.said}", unit="kJ", n=_MORE - _FEW,
                         value=each.step.joules * each.steps / 1000)


def _pictures(drawing: dict[str, Spent]) -> Iterator[Result]:
    for name, each in drawing.items():
        yield Result(name=f"ms a picture: {name}", value=1000 * each.seconds, unit="ms", n=_DRAWN)
        if each.joules is not None:
            yield Result(name=f"energy of a picture: {name}", value=each.joules, unit="J", n=_DRAWN)
