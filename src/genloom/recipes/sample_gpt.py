"""What `genloom sample` has a language model write."""

import codecs
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from genloom import machine
from genloom.autoregressive.generation import Step, decoding_threads, generate
from genloom.autoregressive.tokenizer import Tokenizer
from genloom.errors import InputError
from genloom.nn.gpt import GPT
from genloom.recipes import rules
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.gpt import Generation
from genloom.recipes.gpt_parts import make_choice
from genloom.recipes.requests import TEXT, refuse_idle
from genloom.training.files import replacing
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_gpt import GptExperiment

_BATCH = 64  # texts that are written side by side
_ROOM = 1 << 21  # tokens of theirs, where they are long: each takes some 100 bytes until its text is whole


@dataclass(frozen=True)
class Written:
    """One text that was written after a prompt.

    tokens      ids, without the prompt's; the last one may be the end of the document
    log_probs   of each under the model, in nats, and `chosen` under the law that it was drawn by
    """

    tokens: tuple[int, ...]
    log_probs: tuple[float, ...]
    chosen: tuple[float, ...]


def sample(experiment: "GptExperiment", networks: Networks, request: SampleRequest, folder: Path,
           provenance: dict[str, str]) -> list[Path]:
    """samples.txt, and samples.json with each token's log-probability; memory holds some texts at a time.

    Errors: `InputError` for options of a sampler, and for what cannot be written.
    """
    refuse_idle(request, "a language model", TEXT, "it writes token by token, without a sampler")
    chosen = asked(experiment.recipe.generation, request)
    rules.validate(replace(experiment.recipe, generation=chosen))
    prompt = prompt_of(experiment, chosen.prompt)
    listener = experiment.listener if chosen.count == 1 else None
    texts = write(experiment, networks, chosen, prompt, request.seed, listener)
    paths = [folder / "samples.txt", folder / "samples.json"]
    with replacing(paths[0]) as page, replacing(paths[1]) as body:
        head = json.dumps({**provenance, "prompt": chosen.prompt}, ensure_ascii=False, indent=1)
        body.write(_octets(head.removesuffix("\n}") + ',\n "texts": ['))
        for number, text in enumerate(texts, 1):
            told = json.dumps(_told(experiment.tokenizer, text), ensure_ascii=False)
            page.write(_octets(paragraph(chosen.prompt + text_of(experiment.tokenizer, text), number, chosen.count)))
            body.write(_octets(("," if number > 1 else "") + "\n  " + told))
        body.write(b"\n ]\n}\n")
    return paths


def asked(usual: Generation, request: SampleRequest) -> Generation:
    """The recipe's way of writing with what was asked for instead."""
    given = {name: getattr(request, name) for name in ("count", *TEXT)}
    return replace(usual, **{name: value for name, value in given.items() if value is not None})


def prompt_of(experiment: "GptExperiment", text: str) -> list[int]:
    """The tokens that are gone on with: those of a text, or the usual beginning where there is none."""
    return experiment.tokenizer.encode(text) if text else experiment.before()


def write(experiment: "GptExperiment", networks: Networks, chosen: Generation, prompt: list[int], seed: int,
          listener: Callable[[str], None] | None = None) -> Iterator[Written]:
    """Texts after a prompt, each up to the end of the document if it comes to one; text i depends on (seed, i) alone.

    listener   is told the first text while it is written, its prompt before it

    Errors: as of `generate`.
    """
    network = networks["gpt"]
    assert isinstance(network, GPT)
    past: Literal["refuse", "slide", "halve"] = chosen.past
    together = max(1, min(_BATCH, _ROOM // (len(prompt) + chosen.tokens)))
    for first in range(0, chosen.count, together):
        rows = min(together, chosen.count - first)
        start = torch.tensor([prompt]).expand(rows, -1)
        with machine.threads(decoding_threads(network, rows)):
            steps = generate(network.eval(), start, count=chosen.tokens, choice=make_choice(chosen), seed=seed,
                             first=first, past=past)
            if listener is not None:
                listener(chosen.prompt)
            yield from _rows(_heard(steps, experiment.tokenizer, listener), rows, experiment.tokenizer.separator)


def paragraph(text: str, number: int, count: int) -> str:
    """A text with its prompt as it stands on a page, with its number where there are several.

    >>> paragraph("my cat", 1, 1), paragraph("my dog\\n", 2, 3)
    ('my cat\\n', '── 2 of 3 ──\\nmy dog\\n\\n')
    """
    return f"{text}\n" if count == 1 else f"── {number} of {count} ──\n{text.strip(chr(10))}\n\n"


def text_of(tokenizer: Tokenizer, text: Written) -> str:
    """What was written, without the prompt."""
    return tokenizer.decode(text.tokens)


def _octets(text: str) -> bytes:
    """UTF-8; half characters, which a path may have, are replaced."""
    return text.encode("utf-8", "replace")


def _rows(steps: Iterator[Step], rows: int, separator: int | None) -> Iterator[Written]:
    """The texts of a batch, each cut behind its first separator."""
    found = list(steps)
    tokens, log_probs, chosen = (torch.stack(part, 1).cpu().tolist() for part in zip(*found, strict=True))
    for row in range(rows):
        own = tokens[row]
        end = own.index(separator) + 1 if separator in own else len(own)
        yield Written(tuple(own[:end]), tuple(log_probs[row][:end]), tuple(chosen[row][:end]))


def _heard(steps: Iterator[Step], tokenizer: Tokenizer, listener: Callable[[str], None] | None) -> Iterator[Step]:
    """The steps as they pass; the text of the first row is told up to its end, whole characters at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for step in steps:
        if listener is not None:
            token = int(step.tokens[0])
            listener(decoder.decode(tokenizer.piece(token)))
            if token == tokenizer.separator:
                listener = None
        yield step


def _told(tokenizer: Tokenizer, text: Written) -> dict[str, Any]:
    """A text as JSON-ready data."""
    size = sum(len(tokenizer.piece(token)) for token in text.tokens)
    total = sum(text.log_probs)
    if not math.isfinite(total):
        raise InputError("network", "weights that are not finite", "a model that was trained")
    return {"text": text_of(tokenizer, text), "log_prob": total,
            "bits_per_byte": -total / math.log(2) / size if size else None,
            "tokens": [{"id": token, "piece": tokenizer.piece(token).decode("utf-8", "replace"), "log_prob": own,
                        "chosen": law} for token, own, law in zip(text.tokens, text.log_probs, text.chosen,
                                                                  strict=True)]}
