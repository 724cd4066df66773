"""`genloom sample RUN`: new samples from a trained run, by any sampler."""

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from genloom.cli import flags, runs
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice, harmless
from genloom.errors import InputError, UnknownName
from genloom.recipes import relations, rules
from genloom.recipes.experiment import SampleRequest


@dataclass(frozen=True, kw_only=True)
class Options:
    """Draw samples from a trained run, or from a model that comes with genloom; what is not given is as in its
    recipe."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run, or the name of a model that comes with genloom."""
    sampler: str | None = None
    """Name of the sampler; `genloom list samplers` shows all."""
    steps: int | None = None
    """Steps from noise to data."""
    spacing: str | None = None
    """Where the steps lie: uniform, quadratic, karras or log-snr."""
    eta: float | None = None
    """Noise of ddim: 0 none, 1 as DDPM."""
    guidance: float | None = None
    """Scale of guidance: 1 is plain conditional sampling; with a classifier, the factor of its gradient."""
    classifier: str | None = None
    """Run of a classifier, or the name of one that comes with genloom, that guides instead of the model itself."""
    labels: str | None = None
    """Classes to condition on, separated by commas."""
    prompt: str | None = None
    """Text that a language model goes on with."""
    tokens: int | None = None
    """Tokens that it writes."""
    temperature: float | None = None
    """What its logits are divided by; 0 takes the likeliest token."""
    top_k: int | None = None
    """How many of the likeliest tokens stay; 0 is all."""
    top_p: float | None = None
    """The likeliest tokens stay that reach this probability together; 1 is all."""
    min_p: float | None = None
    """Tokens stay that have this share of the likeliest one's probability; 0 is all."""
    repetition: float | None = None
    """How much less likely a token is that was there before; 1 is not at all."""
    past: Literal["refuse", "slide", "halve"] | None = None
    """Beyond a language model's context: write nothing, see the last tokens, or drop the older half when it is full."""
    seed: int = 0
    """Seed; sample i depends on it and on i alone."""
    count: int | None = None
    """How many samples."""
    checkpoint: str = ""
    """best, last or a step; without it the best where there is one, else the last."""
    out: Path | None = None
    """Folder for the samples; without it RUN/samples/draw-1, -2, and so on, or samples/NAME-1 for a name."""
    data_root: Path | None = None
    """Folder of real data sets, where they have moved."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    quiet: bool = False
    """Print only the paths, and errors."""
    json: bool = False
    """Print JSON."""


_RANGES = {"steps": rules.Range(1, 10**6), "eta": rules.Range(0, 1), "guidance": rules.Range(-1000, 1000),
           "seed": rules.Range(0, 2**63, open_high=True), "count": rules.Range(1, 10**7),
           "tokens": rules.Range(1, 10**7), "temperature": rules.Range(0, 1000), "top_k": rules.Range(0, 10**7),
           "top_p": rules.Range(0, 1, open_low=True), "min_p": rules.Range(0, 1),
           "repetition": rules.Range(0, 1000, open_low=True)}


def run(args: list[str]) -> int:
    """Draw samples."""
    options = flags.options(Options, "sample", args)
    rules.raise_all(_problems(options))
    if options.out is not None:
        runs.refuse_filled(options.out)
    voice = Voice(quiet=options.quiet, json=options.json)
    made = runs.trained(options, voice, "drawing from", drawing=True)
    _listen(made, voice)
    with _folder(options, made) as folder, saved_in(folder if made.name else options.run):
        paths = made.experiment.sample(made.networks, request(options), folder, runs.provenance(
            made, options.seed, command(options, None if made.name else made.loaded.step)))
    _read_out(options, made, paths, voice)
    pictures = [path for path in paths if path.suffix == ".png"]
    voice.answer({"run": str(options.run), "checkpoint": made.loaded.step, "samples": [str(path) for path in paths]},
                 *(f"samples     {path}" for path in paths))
    if pictures:
        voice.say("next:", f"  genloom inspect {runs.quoted(pictures[0])}")
    return 0


def _listen(made: runs.Trained, voice: Voice) -> None:
    """Let a single text be seen while it is written."""
    if hasattr(made.experiment, "listener") and not voice.silent:
        made.experiment.listener = lambda text: print(harmless(text), end="", flush=True)


def _read_out(options: Options, made: runs.Trained, paths: list[Path], voice: Voice) -> None:
    """Show texts that were not seen while they were written."""
    for path in paths:
        if path.suffix != ".txt" or voice.silent:
            continue
        if (options.count or made.experiment.recipe.generation.count) == 1:
            voice.say("")
        else:
            voice.say(path.read_text("utf-8"))


@contextlib.contextmanager
def _folder(options: Options, made: runs.Trained) -> Iterator[Path]:
    """Where the samples go; taken away again if nothing came into it."""
    parent = Path("samples") if made.name else options.run / "samples"
    folder = options.out or runs.next_free(parent, made.name or "draw")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):  # something is in it, as it should
            folder.rmdir()


def request(options: Options) -> SampleRequest:
    """The experiment's part of the options."""
    return SampleRequest(**{field.name: getattr(options, field.name) for field in fields(SampleRequest)})


def command(options: Options, step: int | None) -> str:
    """The command that draws the same samples again, whatever is trained since; without a step where there is one."""
    words: list[Any] = ["genloom", "sample", options.run]
    for field in fields(SampleRequest):
        value = getattr(options, field.name)
        if value is not None:
            words += [_flag(field.name), value]
    return shlex.join(map(str, [*words, *([] if step is None else ["--checkpoint", step])]))


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _problems(options: Options) -> list[InputError]:
    found = [InputError(_flag(name), getattr(options, name), str(allowed)) for name, allowed in _RANGES.items()
             if getattr(options, name) is not None and getattr(options, name) not in allowed]
    if options.sampler is not None and options.sampler not in relations.SAMPLERS:
        found.append(UnknownName("--sampler", options.sampler, relations.SAMPLERS))
    if options.spacing is not None and options.spacing not in relations.SPACINGS:
        found.append(UnknownName("--spacing", options.spacing, relations.SPACINGS))
    found += [InputError(f"--{name}", "", "a name", f"leave --{name} out where there is none")
              for name in ("classifier", "labels") if getattr(options, name) == ""]
    return found
