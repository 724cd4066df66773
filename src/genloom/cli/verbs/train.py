"""`genloom train RECIPE`: from a recipe to a run with samples, numbers and a report."""

from genloom import __version__
from genloom.cli import runs
from genloom.cli.asked import Asked, asked
from genloom.cli.output import Voice
from genloom.cli.session import Session, screen
from genloom.training.run import RunFolder


def run(args: list[str]) -> int:
    """Train; everything that was asked for is checked before torch is imported."""
    wanted = asked(args)
    options = wanted.options
    runs.refuse_taken(options.out)
    voice = Voice(quiet=options.quiet, json=options.json)
    voice.say(f"genloom {__version__} · train {wanted.recipe.name} · {wanted.recipe.summary}")
    return _session(wanted, ["genloom", "train", *args], voice).go()


def _session(wanted: Asked, command: list[str], voice: Voice) -> Session:
    from genloom import machine
    from genloom.recipes.experiment import build, keep
    from genloom.recipes.serial import to_yaml
    from genloom.training.engine import check

    options, recipe = wanted.options, runs.placed(wanted.recipe)
    machine.prepare(recipe.engine.threads)
    experiment = build(recipe, options.data_root)
    check(experiment.job())  # before there is a folder, as the next line: a judge that is not there is refused
    experiment.facts()
    path = runs.new_folder(options.out, recipe.name)
    run = RunFolder.create(path, to_yaml(recipe), command, runs.environment(options.data_root, experiment))
    keep(experiment, path)
    return Session(experiment, run, wanted.base, screen(voice), voice)
