"""`genloom export RUN`: a run as a folder that diffusers opens, with a model card; put to the hub if asked."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genloom.cli import flags, runs
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice
from genloom.errors import InputError
from genloom.recipes import registry
from genloom.training.run import RunFolder

_FOLDER = "diffusers"


@dataclass(frozen=True, kw_only=True)
class Options:
    """A run of pictures as a folder that diffusers opens, or of a language model as one that transformers opens, with a
    model card; averaged weights where there are any."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run."""
    out: Path | None = None
    """Folder to write; without it RUN/diffusers, or RUN/transformers."""
    checkpoint: str = ""
    """best, last or a step; without it the best where there is one, else the last."""
    push: str = ""
    """Put it to the hub as owner/name, with the account that `hf auth login` signed in."""
    private: bool = False
    """A model that --push makes is private."""
    quiet: bool = False
    """Print only the paths, and errors."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Write the folder, and put it to the hub."""
    options = flags.options(Options, "export", args)
    _check(options)
    run_folder, step = RunFolder.open(options.run), runs.which(options.checkpoint)
    text = registry.family_of(runs.recipe_of(run_folder)) == "gpt"
    out = options.out or options.run / ("transformers" if text else _FOLDER)
    runs.refuse_filled(out)
    voice = Voice(quiet=options.quiet, json=options.json)
    voice.say(f"exporting {options.run} …")
    with saved_in(options.run):
        from genloom.recipes.interop import hub
        from genloom.recipes.interop.export import CARD, export_run
        from genloom.recipes.interop.gpt2_folder import export_run as export_text

        if options.push:
            hub.require()
        made = (export_text if text else export_run)(run_folder, out, step, options.push)
        address = hub.push(out, options.push, private=options.private) if options.push else None
    document = {"folder": str(out), "checkpoint": made.loaded.step, "averaged": made.loaded.averaged, "hub": address}
    weights = "averaged weights" if made.loaded.averaged else "weights"
    voice.say(f"{weights} of step {made.loaded.step}; read {out / CARD} before it is published")
    voice.answer(document, f"folder     {out}", *([f"hub        {address}"] if address else []))
    code = f"from diffusers import DDPMPipeline as P; P.from_pretrained({str(out)!r})().images[0].show()"
    if text:
        code = f"from transformers import pipeline as p; print(p('text-generation', {str(out)!r})('The'))"
    voice.say("next:", f"  python -c {shlex.quote(code)}", f"  genloom import {runs.quoted(out)}")
    return 0


def _check(options: Options) -> None:
    owner, slash, name = options.push.partition("/")
    if options.push and not (owner and slash and name and "/" not in name):
        raise InputError("--push", options.push, "owner/name", "pass --push me/my-model")
    if options.private and not options.push:
        raise InputError("--private", True, "given beside --push", "pass --push owner/name")
