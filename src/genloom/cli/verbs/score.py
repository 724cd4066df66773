"""`genloom score RUN "a sentence"`: how probable it is, token by token, word by word and as a whole."""

import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from genloom.autoregressive.words import visible
from genloom.cli import flags, language
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice
from genloom.errors import InputError
from genloom.report.powers import power_of_ten

if TYPE_CHECKING:
    from genloom.autoregressive.overlap import Match
    from genloom.cli import runs
    from genloom.recipes.score_gpt import Sentence


@dataclass(frozen=True, kw_only=True)
class Options:
    """How probable a sentence is to a language model: each token, each word, their sum, and why it is a sum; and how
    much of it stands in the training text."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run, or the name of a model that comes with genloom."""
    sentence: Annotated[str, tyro.conf.Positional]
    """The sentence, in quotes."""
    after: str | None = None
    """Text that stands before it; without it the end of a line, or of a document for GPT-2's tokens."""
    checkpoint: str = ""
    """best, last or a step; without it the best where there is one, else the last."""
    data_root: Path | None = None
    """Folder of real data sets, where they have moved."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Score."""
    options = flags.options(Options, "score", args)
    if not options.sentence:
        raise InputError("SENTENCE", "", "some text", 'write it in quotes: genloom score RUN "a sentence"')
    voice = Voice(json=options.json)
    made = language.trained(options, voice, "scoring by")
    with saved_in(None if made.name else options.run):
        from genloom.recipes.score_gpt import copied, score_sentence

        found = score_sentence(made.experiment, made.networks, options.sentence, options.after)  # type: ignore[arg-type]
        match = copied(made.experiment, options.sentence)  # type: ignore[arg-type]
    _tables(found, voice)
    document = {"run": str(options.run), "checkpoint": made.loaded.step, **found.to_json(),
                "copied": match if isinstance(match, str) else match._asdict()}
    voice.answer(document, *_lines(found, match))
    voice.say("next:", _next(made, found))
    return 0


def _tables(found: "Sentence", voice: Voice) -> None:
    ranks = [int(rank) + 1 for rank in found.scored.ranks]
    voice.table(("token", "log p", "p", "choice"),
                [(visible(piece), f"{value:.4f}", f"{math.exp(value):.3g}", f"{rank:,}")
                 for piece, value, rank in zip(found.pieces, found.log_probs, ranks, strict=True)])
    voice.say("")
    voice.table(("word", "log p", "tokens"), [(word.shown, f"{value:.4f}", str(word.last - word.first + 1))
                                              for word, value in found.words])
    voice.say("")


def _lines(found: "Sentence", match: "Match | str") -> list[str]:
    count, size = len(found.pieces), len(found.text.encode())
    lines = [f"sum of log p    {found.total:.4f} nats over {count} tokens, {found.total / count:.4f} each; "
             f"perplexity {found.scored.perplexity:.4g}",
             f"bits per byte   {found.bits_per_byte:.4f} over {size} bytes",
             f"product of p    {power_of_ten(found.total, 3)} = exp(sum)"]
    for each in found.products:
        if each.zero is not None:
            what = f"0: it underflowed with token {each.zero + 1}"
        elif each.loses is not None:
            what = f"{each.value:.4g}, which has lost digits since token {each.loses + 1}"
        else:
            what = f"{each.value:.6g}"
        lines.append(f"  in {each.kind:<12} {what}")
    return [*lines, f"longest copy    {_copy(match, size)}"]


def _copy(match: "Match | str", size: int) -> str:
    if isinstance(match, str):
        return f"not known, since the training text is not at hand: {match}"
    if not match.bytes:
        return "none: no character of it stands in the training text"
    return f"{match.bytes} of {size} bytes: {match.text!r}, at byte {match.offset:,} of {match.document}"


def _next(made: "runs.Trained", found: "Sentence") -> str:
    """What a person may look at then: where the last word's prediction looked, or that of one word more."""
    count = sum(word.counts for word, _ in found.words)
    said = f" {shlex.quote(found.text)}" if count else ""
    return f"  genloom attention {made.word}{said}{' --generate' if count == 1 else ''}"
