"""`genloom invert RUN "a sentence"`: what stands in front of the model when it says that sentence."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from genloom.cli import flags, language, runs
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice, plain
from genloom.errors import InputError
from genloom.recipes import rules
from genloom.recipes.gpt import SQUIRREL

if TYPE_CHECKING:
    from genloom.recipes.invert_gpt import Inverted


@dataclass(frozen=True, kw_only=True)
class Options:
    """Find the vectors, in place of the tokens', of which a frozen language model says a sentence; the tokens nearest
    to them; and, with --discrete, tokens that a person could type."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run, or the name of a model that comes with genloom."""
    sentence: Annotated[str, tyro.conf.Positional] = SQUIRREL
    """The sentence, in quotes."""
    reading: Literal["outputs", "continuation"] = "outputs"
    """Where the sentence is read: at the output of each vector, or in what the model says after all of them."""
    seeds: int = 20
    """Random starts."""
    length: int = 0
    """Vectors, and tokens with --discrete; 0 is as many as the sentence has tokens. Only a continuation can choose."""
    steps: int = 500
    """Most steps of a start; it ends where the sentence is exact."""
    rate: float = 0.3
    """Step of Adam, in units of the spread of the tokens' vectors."""
    control: bool = False
    """Try the tokens of the sentence in random order, too."""
    discrete: bool = False
    """Search for tokens by greedy coordinate gradient, too."""
    searches: int = 2
    """Searches with --discrete: the first from the nearest tokens, the others from random ones."""
    exchanges: int = 100
    """Most steps of a search; each tries --batch exchanges of one token."""
    top: int = 64
    """Tokens that may come to each place, by the gradient."""
    batch: int = 128
    """Exchanges that are tried in a step of a search."""
    seed: int = 0
    """Seed; start i depends on it and on i alone."""
    checkpoint: str = ""
    """best, last or a step; without it the best where there is one, else the last."""
    out: Path | None = None
    """Folder for the picture, vectors and numbers; without it RUN/inversion/try-1, -2, and so on."""
    data_root: Path | None = None
    """Folder of real data sets, where they have moved."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    json: bool = False
    """Print JSON."""


_RANGES = {"seeds": rules.Range(1, 10_000), "length": rules.Range(0, 10**6), "steps": rules.Range(0, 10**7),
           "rate": rules.Range(0, 1000, open_low=True), "searches": rules.Range(1, 1000),
           "exchanges": rules.Range(0, 10**6), "top": rules.Range(1, 10**6), "batch": rules.Range(1, 10**6),
           "seed": rules.Range(0, 2**63, open_high=True)}


def run(args: list[str]) -> int:
    """Invert, show, explain."""
    options = flags.options(Options, "invert", args)
    rules.raise_all([InputError(f"--{name}", getattr(options, name), str(allowed))
                     for name, allowed in _RANGES.items() if getattr(options, name) not in allowed])
    if options.out is not None:
        runs.refuse_filled(options.out)
    voice = Voice(json=options.json)
    made = language.trained(options, voice, "inverting")
    with saved_in(None if made.name else options.run):
        found = _invert(options, made, voice.say)
        folder = options.out or runs.next_free(
            Path("inversion") if made.name else options.run / "inversion", made.name or "try")
        document, paths = _write(options, made, found, folder)
    _tell(made, found, voice)
    voice.answer({**document, "files": [str(path) for path in paths]},
                 *(f"{path.suffix[1:]:<11} {path}" for path in paths))
    voice.say("next:", f"  genloom inspect {runs.quoted(paths[0])}", *_other(options, made))
    return 0


def _invert(options: Options, made: runs.Trained, say: Callable[[str], None]) -> "Inverted":
    from genloom.recipes.build_gpt import NAME
    from genloom.recipes.invert_gpt import Plan, invert_sentence

    plan = Plan(reading=options.reading, length=options.length, count=options.seeds, seed=options.seed,
                steps=options.steps, rate=options.rate, control=options.control,
                searches=options.searches if options.discrete else 0, exchanges=options.exchanges, top=options.top,
                batch=options.batch)
    experiment, gpt = made.experiment, made.networks[NAME].eval()
    return invert_sentence(gpt, experiment.tokenizer, experiment.before(),  # type: ignore[arg-type,attr-defined]
                           options.sentence, plan, say=say)


def _write(options: Options, made: runs.Trained, found: "Inverted",
           folder: Path) -> "tuple[dict[str, object], list[Path]]":
    from safetensors.torch import save_file

    from genloom.recipes.explain_inversion import paragraphs
    from genloom.recipes.invert_gpt import as_json
    from genloom.recipes.show_inversion import inversion_figure

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = made.experiment.tokenizer  # type: ignore[attr-defined]
    inversion_figure(found, folder / "inversion.png", runs.provenance(made, options.seed, _command(options, made)))
    save_file({"vectors": found.found.vectors.contiguous()}, str(folder / "vectors.safetensors"))
    document = {"run": str(options.run), "checkpoint": made.loaded.step, **as_json(found, tokenizer),
                "text": list(paragraphs(found, tokenizer))}
    numbers = folder / "inversion.json"
    numbers.write_text(json.dumps(plain(document), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return document, [folder / "inversion.png", folder / "vectors.safetensors", numbers]


def _tell(made: runs.Trained, found: "Inverted", voice: Voice) -> None:
    """The starts as a table, and what is to be said of them."""
    if voice.silent:
        return
    from genloom.recipes.explain_inversion import paragraphs
    from genloom.recipes.show_inversion import START_HEADER, start_rows

    tokenizer = made.experiment.tokenizer  # type: ignore[attr-defined]
    voice.table(START_HEADER, start_rows(found, tokenizer))
    for text in paragraphs(found, tokenizer):
        voice.say("", text)
    voice.say("")


def _other(options: Options, made: runs.Trained) -> list[str]:
    """What else can be tried."""
    other = "continuation" if options.reading == "outputs" else "outputs"
    more = "" if options.discrete else " --discrete"
    return [f"  genloom invert {made.word} {shlex.quote(options.sentence)} --reading {other}{more}"]


def _command(options: Options, made: runs.Trained) -> str:
    words = ["genloom", "invert", str(options.run), options.sentence]
    for name in ("reading", "seeds", "length", "steps", "rate", "seed", "searches", "exchanges", "top", "batch"):
        if options.discrete or name not in ("searches", "exchanges", "top", "batch"):
            words += [f"--{name}", str(getattr(options, name))]
    words += [f"--{name}" for name in ("control", "discrete") if getattr(options, name)]
    return shlex.join([*words, *([] if made.name else ["--checkpoint", str(made.loaded.step)])])
