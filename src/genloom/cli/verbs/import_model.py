"""`genloom import SOURCE`: a model of another library becomes a run, to be sampled and judged like one's own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from genloom.cli import flags, runs
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice, aligned
from genloom.errors import InputError

if TYPE_CHECKING:
    from genloom.recipes.interop.imported import Imported

_NAME = "imported"


@dataclass(frozen=True, kw_only=True)
class Options:
    """A model of diffusers, guided-diffusion or minDiffusion, or a GPT-2 of transformers, becomes a run; nothing that
    its files bring is run."""

    source: Annotated[str, tyro.conf.Positional]
    """A folder of diffusers (UNet2DModel and scheduler) or of transformers (GPT-2's config.json, model.safetensors and
    tokenizer), a .pt or .safetensors file, or owner/name[@revision] of the hub."""
    out: Path | None = None
    """Folder of the run; without it runs/imported-1, -2, and so on."""
    architecture: str = ""
    """Of a guided-diffusion file: imagenet64, imagenet128, imagenet256, imagenet256-unconditional, imagenet512 or
    lsun256; or its flags as JSON, or in a .json file."""
    data: str = ""
    """What it is judged against: cats64, mnist, digits or shapes, which is usual; for a GPT-2 python-docs, which is
    usual, alice, or a path of text."""
    folder: str = ""
    """A folder or a ZIP of one's own pictures instead."""
    null_class: bool = False
    """The last class of a diffusers model means "no class", for classifier-free guidance."""
    data_root: Path | None = None
    """Folder of real data sets; without it $GENLOOM_DATA."""
    size: int = 32
    """Width and height of the pictures of a minDiffusion file, which does not say it."""
    quiet: bool = False
    """Print only the path of the run, and errors."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Read everything, check it against the architecture, and only then make the run."""
    options = flags.options(Options, "import", args)
    runs.refuse_taken(options.out)
    voice = Voice(quiet=options.quiet, json=options.json)
    voice.say(f"reading {options.source} …")
    with saved_in(None):
        from genloom.recipes.interop import gpt2_folder

        if gpt2_folder.is_one(Path(options.source)):
            return _text(options, ["genloom", "import", *args], voice)
        from genloom.recipes.interop.imported import Asked
        from genloom.recipes.interop.read import load

        asked = Asked(architecture=options.architecture, data=options.data or "shapes",
                      folder=runs.absolute(options.folder), null_class=options.null_class, size=options.size)
        imported = load(options.source, asked)
        path = _write(imported, options, ["genloom", "import", *args])
    _last_words(imported, path, voice)
    return 0


def _text(options: Options, command: list[str], voice: Voice) -> int:
    """A language model."""
    from genloom.recipes.interop import gpt2_folder

    for name in ("architecture", "folder", "null_class"):
        if value := getattr(options, name):
            raise InputError(f"--{name.replace('_', '-')}", value, "left out: this is a language model",
                             "--data names the text that it is judged on")
    imported = gpt2_folder.read(Path(options.source), _placed(options.data), options.data_root)
    path = _written(options, lambda out: gpt2_folder.write_run(imported, out, command,
                                                               runs.environment(options.data_root)))
    chosen, name = imported.recipe.network, runs.quoted(path)
    parameters = sum(tensor.numel() for tensor in imported.state.values())
    facts = [("network", f"GPT of {chosen.blocks} blocks, width {chosen.width}, {parameters:,} numbers"),
             ("tokens", f"{imported.known.tokenizer.vocabulary:,}; context {chosen.context:,}"),
             ("judged on", f"{imported.recipe.data.text}; --data names another text")]
    voice.say(*aligned(facts), *(f"note: {note}" for note in imported.notes))
    following = [f'genloom sample {name} --prompt "The " --count 1', f'genloom score {name} "a sentence"',
                 f"genloom evaluate {name}"]
    voice.answer({"run": str(path), "summary": imported.recipe.summary, "parameters": parameters,
                  "notes": imported.notes, "next": following}, f"run        {path}")
    voice.say("next:", *(f"  {each}" for each in following))
    return 0


def _placed(text: str) -> str:
    from genloom.recipes.gpt import TEXTS

    return text if text in TEXTS else runs.absolute(text)


def _write(imported: "Imported", options: Options, command: list[str]) -> Path:
    from genloom.recipes.interop.imported import write_run

    return _written(options, lambda path: write_run(imported, path, command, runs.environment(options.data_root)))


def _written(options: Options, write: Callable[[Path], object]) -> Path:
    """The folder of the run, once it is written."""
    path = runs.new_folder(options.out, _NAME)
    try:
        write(path)
    except BaseException:
        if options.out is None and path.is_dir():
            path.rmdir()  # which was made for this alone, and is empty again
        raise
    return path


def _last_words(imported: "Imported", path: Path, voice: Voice) -> None:
    recipe, name = imported.recipe, runs.quoted(path)
    data, process = recipe.data, recipe.schedule
    parameters = sum(tensor.numel() for tensor in imported.state.values())
    facts = [("network", f"{recipe.network.kind}, {parameters:,} numbers"),
             ("pictures", f"{data.channels} × {data.size} × {data.size}"),
             ("process", f"{process.kind}, {process.steps} steps; it predicts the {recipe.diffusion.prediction}"),
             ("judged by", f"{data.folder or data.source}; --data or --folder names another set")]
    voice.say(*aligned(facts), *(f"note: {note}" for note in imported.notes))
    following = [f"genloom sample {name} --sampler unipc --steps {recipe.sampling.steps}", f"genloom evaluate {name}"]
    voice.answer({"run": str(path), "summary": recipe.summary, "parameters": parameters, "notes": imported.notes,
                  "next": following}, f"run        {path}")
    voice.say("next:", *(f"  {command}" for command in following))
