"""`genloom resume RUN`: go on exactly where a run stopped, or train a finished one for longer."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from genloom import __version__
from genloom.cli import flags, runs
from genloom.cli.output import Voice
from genloom.cli.session import Session, screen
from genloom.errors import InputError
from genloom.recipes import registry, rules
from genloom.training import distributed, files
from genloom.training.options import Optimizer
from genloom.training.run import RunFolder


@dataclass(frozen=True, kw_only=True)
class Options:
    """Go on, exactly where a run stopped; a finished one only for more steps."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run."""
    steps: int | None = None
    """Steps of the whole run, to train it for longer than its recipe says."""
    patience: int | None = None
    """Evaluations in a row without a better one after which training ends; 0 goes on to the last step."""
    checkpoint: str = ""
    """Go on from this one, best, last or a step, and forget what came later; without it from the last."""
    data_root: Path | None = None
    """Folder of real data sets, where they have moved."""
    threads: int | None = None
    """CPU threads of each process."""
    quiet: bool = False
    """Print only the paths at the end, and errors."""
    json: bool = False
    """Print JSON lines: progress, and at the end what was made."""


def run(args: list[str]) -> int:
    """Go on."""
    options = flags.options(Options, "resume", args)
    folder = RunFolder.open(options.run)
    before = runs.recipe_of(folder)
    runs.which(options.checkpoint)
    recipe = _with(before, folder, options)
    voice = Voice(quiet=options.quiet, json=options.json)
    state = folder.status
    if state.get("state") == "finished" and not options.checkpoint and recipe.engine.steps <= state.get("step", 0):
        return _finished(options, state, f"--steps {2 * recipe.engine.steps}", voice)
    if state.get("state") == "finished" and state.get("reason") and not options.checkpoint and options.patience is None:
        return _finished(options, state, "--patience 0", voice)
    start = options.checkpoint or f"step {state.get('step', 0)}"
    voice.say(f"genloom {__version__} · resume {options.run} · {recipe.name} from {start}")
    return _session(folder, recipe, before, options, voice).go()


def _finished(options: Options, state: dict[str, Any], more: str, voice: Voice) -> int:
    """Say that there is nothing to do, and what there could be."""
    why = f"; {state['reason']}" if state.get("reason") else ""
    voice.answer({"run": str(options.run), **state},
                 f"{options.run} is finished: {state['step']} of {state['steps']} steps{why}",
                 f"next:\n  genloom resume {runs.quoted(options.run)} {more}")
    return 0


def _with(recipe: Any, folder: RunFolder, options: Options) -> Any:
    """The recipe with the steps, the patience and the threads that were asked for."""
    engine = recipe.engine
    if options.steps is not None:
        start = runs.which(options.checkpoint)
        done = start if isinstance(start, int) else int(folder.status.get("step", 0))
        if options.steps < max(1, done):
            raise InputError("--steps", options.steps, f"at least {max(1, done)}, the steps that are done",
                             f"pass --steps {max(2 * done, engine.steps)}")
        engine = replace(engine, steps=options.steps)
    if options.patience is not None:
        engine = replace(engine, patience=options.patience)
    if options.threads is not None:
        engine = replace(engine, threads=options.threads)
    changed = replace(recipe, engine=engine)
    rules.validate(changed)
    return changed


def _falls(recipe: Any) -> bool:
    """Whether a learning rate follows the steps of the run, whatever its optimizer is called."""
    rates = (getattr(recipe, field.name) for field in fields(recipe))
    return any(isinstance(rate, Optimizer) and rate.schedule != "constant" for rate in rates)


def _session(folder: RunFolder, recipe: Any, before: Any, options: Options, voice: Voice) -> Session:
    from genloom import machine
    from genloom.recipes.experiment import build, keep, kept
    from genloom.recipes.serial import to_yaml

    machine.prepare(recipe.engine.threads)
    experiment = build(recipe, runs.data_root_of(folder, options.data_root), kept(recipe, folder.path))
    runs.refuse_other_codes(folder, experiment)
    keep(experiment, folder.path)
    if recipe.engine.steps != before.engine.steps and _falls(recipe):
        voice.say(f"note: the learning rate falls over {recipe.engine.steps} steps now, so it jumps here")
    if (recipe.engine.steps, recipe.engine.patience) != (before.engine.steps, before.engine.patience):
        kept = replace(recipe, engine=replace(recipe.engine, threads=before.engine.threads))
        if distributed.is_main():
            with folder.lock():
                files.write_atomically(folder.path / "recipe.yaml", to_yaml(kept).encode())
    base = registry.recipe(recipe.name) if recipe.name in registry.RECIPES else before
    return Session(experiment, folder, base, screen(voice), voice, resume=True,
                   checkpoint=runs.which(options.checkpoint))
