"""`genloom attention RUN "a sentence"`: where the prediction of a word looks, and what it rests on."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from genloom.cli import flags, language, runs
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice, harmless, plain
from genloom.errors import InputError
from genloom.recipes import rules
from genloom.recipes.gpt import SQUIRREL

if TYPE_CHECKING:
    from genloom.recipes.attention_gpt import AttentionLook, BlockLook

_NUMBER = 11


@dataclass(frozen=True, kw_only=True)
class Options:
    """Paint the words of a sentence by the attention that its last word was predicted with, and show what that
    prediction rests on when words are taken away."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run, or the name of a model that comes with genloom."""
    sentence: Annotated[str, tyro.conf.Positional] = ""
    """The sentence, in quotes; without it the model goes on with one of 8 words to the 11th."""
    words: int = 0
    """Let the model write until the sentence has so many words; 0 takes the last word of the sentence itself."""
    generate: bool = False
    """Let the model write one more word."""
    block: str = "both"
    """first, last, both, all, or the number of a block, counted from 1."""
    heads: bool = False
    """Show the heads apart, too."""
    temperature: float = 0.0
    """Of the words that the model writes; 0 takes the likeliest tokens."""
    seed: int = 0
    """Seed of the words that the model writes, and of the random orders of the test by deletion."""
    checkpoint: str = ""
    """best, last or a step; without it the best where there is one, else the last."""
    out: Path | None = None
    """Folder for pictures, page and numbers; without it RUN/attention/look-1, -2, and so on."""
    data_root: Path | None = None
    """Folder of real data sets, where they have moved."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    json: bool = False
    """Print JSON."""


_RANGES = {"words": rules.Range(0, 10**6), "temperature": rules.Range(0, 1000),
           "seed": rules.Range(0, 2**63, open_high=True)}


def run(args: list[str]) -> int:
    """Look, paint, explain."""
    options = flags.options(Options, "attention", args)
    rules.raise_all(_problems(options))
    if options.out is not None:
        runs.refuse_filled(options.out)
    voice = Voice(json=options.json)
    made = language.trained(options, voice, "looking into")
    with saved_in(None if made.name else options.run):
        found = _look(options, made)
        blocks = chosen(options.block, found)
        _paint(found, blocks, voice)
        folder = options.out or runs.next_free(
            Path("attention") if made.name else options.run / "attention", made.name or "look")
        paths = _write(options, made, found, blocks, folder)
    from genloom.recipes.attention_gpt import as_json

    document = {"run": str(options.run), "checkpoint": made.loaded.step, **as_json(found)}
    (folder / "attention.json").write_text(json.dumps(plain(document), ensure_ascii=False, indent=1) + "\n", "utf-8")
    voice.answer({**document, "files": [str(path) for path in paths]}, *(f"{path.suffix[1:]:<11} {path}"
                                                                        for path in paths))
    voice.say("next:", f"  genloom invert {made.word} {shlex.quote(found.sentence.text)}")
    return 0


def _look(options: Options, made: runs.Trained) -> "AttentionLook":
    from genloom.autoregressive.choice import Choice
    from genloom.recipes.attention_gpt import look
    from genloom.recipes.build_gpt import NAME
    from genloom.recipes.sentence_gpt import sentence, word_count

    experiment, gpt = made.experiment, made.networks[NAME].eval()
    tokenizer, before = experiment.tokenizer, experiment.before()  # type: ignore[attr-defined]
    text = options.sentence or SQUIRREL
    number = options.words or (0 if options.sentence or options.generate else _NUMBER)
    if options.generate:
        number = word_count(tokenizer, text) + 1
    found = sentence(gpt, tokenizer, before, text, number=number,  # type: ignore[arg-type]
                     choice=Choice(temperature=options.temperature), seed=options.seed)
    return look(gpt, tokenizer, found, seed=options.seed)  # type: ignore[arg-type]


def chosen(block: str, found: "AttentionLook") -> "tuple[BlockLook, ...]":
    """The blocks that a word names, the last before the first.

    Errors: `InputError` for anything else.
    """
    every = found.blocks
    named = {"first": every[:1], "last": every[-1:], "all": every[::-1],
             "both": (every[-1], every[0]) if len(every) > 1 else every}
    if block in named:
        return named[block]
    if block.isascii() and block.isdecimal() and 1 <= int(block) <= len(every):
        return (every[int(block) - 1],)
    raise InputError("--block", block, f"first, last, both, all, or a number from 1 to {len(every)}")


def _paint(found: "AttentionLook", blocks: "tuple[BlockLook, ...]", voice: Voice) -> None:
    """The sentence on a terminal, and what is to be said of it."""
    if voice.silent:
        return
    from rich.console import Console

    from genloom.recipes.explain_attention import SUMS, difference, sums, why
    from genloom.recipes.show_attention import cells, title
    from genloom.report.painting import terminal

    console = Console(highlight=False, markup=False)
    for block in blocks:
        console.print("", harmless(title(block, found)), "", sep="\n")
        for line in terminal(cells(found, block), console.width):
            console.print(line, soft_wrap=True)
        console.print("", harmless(sums(found, block)), sep="\n")
    for text in (SUMS, *why(found), *([difference(found)] if len(blocks) > 1 else [])):
        console.print("", harmless(text), sep="\n")
    console.print("")


def _write(options: Options, made: runs.Trained, found: "AttentionLook", blocks: "tuple[BlockLook, ...]",
           folder: Path) -> list[Path]:
    """Pictures and the page; the numbers stand beside them."""
    from genloom.recipes import show_attention

    folder.mkdir(parents=True, exist_ok=True)
    origin = runs.provenance(made, options.seed, _command(options, made))
    figures = [show_attention.painting(found, blocks, folder / "attention.png", origin),
               show_attention.evidence(found, folder / "evidence.png", origin)]
    if options.heads:
        figures.append(show_attention.heads(found, blocks, folder / "heads.png", origin))
    facts = (("model", made.name or str(options.run)),
             ("checkpoint", f"step {made.loaded.step}, sha256 {made.loaded.digest[:16]}"),
             ("command", origin["command"]))
    page = show_attention.write_page(found, blocks, folder, facts, figures)
    return [*(folder / figure.path for figure in figures), page, folder / "attention.json"]


def _command(options: Options, made: runs.Trained) -> str:
    words = ["genloom", "attention", str(options.run), options.sentence or SQUIRREL, "--block", options.block,
             "--temperature", str(options.temperature), "--seed", str(options.seed)]
    number = options.words or (0 if options.sentence or options.generate else _NUMBER)
    words += ["--words", str(number)] if number else []
    words += ["--generate"] if options.generate else []
    words += ["--heads"] if options.heads else []
    return shlex.join([*words, *([] if made.name else ["--checkpoint", str(made.loaded.step)])])


def _problems(options: Options) -> list[InputError]:
    found = [InputError(f"--{name}", getattr(options, name), str(allowed)) for name, allowed in _RANGES.items()
             if getattr(options, name) not in allowed]
    if options.generate and options.words:
        found.append(InputError("--words", options.words, "left out with --generate, which is one word more"))
    if options.block not in ("first", "last", "both", "all") and not (
            options.block.isascii() and options.block.isdecimal()):
        found.append(InputError("--block", options.block, "first, last, both, all, or the number of a block"))
    return found
