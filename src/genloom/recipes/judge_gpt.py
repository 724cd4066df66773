"""How a language model is judged: on text that it has not seen, beside n-grams, compressors and knowing nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from genloom.autoregressive.overlap import byte_stretches, longest_match, overlap
from genloom.autoregressive.scoring import HeldOut, held_out
from genloom.autoregressive.token_file import TokenFile
from genloom.data.text.texts import byte_blocks
from genloom.metrics.bits_per_byte import bits_per_byte
from genloom.nn.gpt import GPT
from genloom.recipes.baselines_gpt import Baselines, up_to
from genloom.recipes.sample_gpt import prompt_of, text_of, write
from genloom.report.numbers import at_most
from genloom.report.results import Result
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_gpt import GptExperiment

QUICK = "validation loss"
"""What decides which checkpoint is best, in nats per token."""
_LOOKED = 1 << 23  # bytes of training text that copies are looked for in: a text of 500 bytes takes 0.1 s for each 2²⁰
_SEED = 0x74657874  # sets the texts that are judged apart from those that are drawn


@dataclass(frozen=True, eq=False)
class Judged:
    """What is measured of a model, each when it is asked for."""

    experiment: "GptExperiment"
    networks: Networks

    @cached_property
    def test(self) -> HeldOut:
        """The test text in windows side by side."""
        return self._held(self.experiment.test, 0)

    @cached_property
    def strided(self) -> HeldOut:
        """The test text in windows that overlap."""
        return self._held(self.experiment.test, self.stride)

    @cached_property
    def valid(self) -> HeldOut:
        """The validation text in windows side by side."""
        return self._held(self.experiment.valid, 0)

    @property
    def stride(self) -> int:
        """Tokens between windows that overlap."""
        recipe = self.experiment.recipe
        return recipe.evaluation.stride or max(1, recipe.network.context // 2)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """A few texts at the recipe's own way of writing, without their prompt."""
        experiment, count = self.experiment, self.experiment.recipe.evaluation.texts
        if not count:
            return ()
        chosen = replace(experiment.recipe.generation, count=count)
        made = write(experiment, self.networks, chosen, prompt_of(experiment, chosen.prompt), _SEED)
        return tuple(text for each in made if (text := text_of(experiment.tokenizer, each)))

    def _held(self, tokens: TokenFile, stride: int) -> HeldOut:
        network = self.networks["gpt"]
        assert isinstance(network, GPT)
        return held_out(network.eval(), self.experiment.fixed(tokens, stride))


def quick(experiment: "GptExperiment", networks: Networks) -> dict[str, float]:
    """What is looked at during training: the whole validation text in fixed windows."""
    found = Judged(experiment, networks).valid
    return {QUICK: found.loss, "validation bits per byte": bits(found)}


def bits(found: HeldOut) -> float:
    """Bits per byte of a held-out text."""
    return bits_per_byte(found.nats, found.bytes)


def judge_all(experiment: "GptExperiment", networks: Networks) -> tuple[Result, ...]:
    """Every number of a language model."""
    judged, baselines = Judged(experiment, networks), experiment.baselines
    return (*judge_bits(judged, baselines), *judge_losses(judged, baselines), *judge_baselines(baselines, experiment),
            *judge_copies(judged))


def judge_bits(judged: Judged, baselines: Baselines) -> tuple[Result, ...]:
    """Bits per byte of the test text, beside the best that counts of bytes can do."""
    context, seeds = judged.experiment.recipe.network.context, (judged.experiment.recipe.engine.seed,)
    known, name = baselines.best
    side = Result(name="bits per byte of the test text", value=bits(judged.test), unit="bits", known=known,
                  known_name=name, n=judged.test.bytes, seeds=seeds, formula="−Σ log p / ln 2 / bytes",
                  source=f"windows of {context} tokens side by side: a token sees {(context - 1) / 2:g} before it on "
                         "average")
    over = replace(side, name="bits per byte, windows that overlap", value=bits(judged.strided),
                   source=f"windows {judged.stride} tokens apart: a token sees at least {context - judged.stride} "
                          "before it, where there are as many")
    return (at_most(side, known), at_most(over, known)) if baselines.ngrams else (side, over)


def judge_losses(judged: Judged, baselines: Baselines) -> tuple[Result, ...]:
    """Nats per token, beside n-grams of the same tokens, or where there are none, beside equal chances."""
    experiment = judged.experiment
    seeds, equal = (experiment.recipe.engine.seed,), math.log(experiment.tokenizer.vocabulary)
    known, name = (equal, "log V: every token as likely") if baselines.tokens is None else (
        baselines.tokens.loss, f"Kneser–Ney, {baselines.tokens.order}-grams of the same tokens")
    test = Result(name="loss on the test text", value=judged.test.loss, unit="nats per token", known=known,
                  known_name=name, n=judged.test.tokens, seeds=seeds, formula="mean of −log p(token | those before it)")
    found = [at_most(test, known)]
    if experiment.recipe.data.valid:
        found.append(Result(name=QUICK, value=judged.valid.loss, unit="nats per token", known=equal,
                            known_name="log V: every token as likely", n=judged.valid.tokens, seeds=seeds))
    return tuple(found)


def judge_baselines(baselines: Baselines, experiment: "GptExperiment") -> tuple[Result, ...]:
    """The same text by what needs no network; each beside 8 bits, what bytes cost without a model."""
    none, n = "bytes without a model", experiment.test.bytes
    rows = [(f"bits per byte by Kneser–Ney, {each.order}-grams of {what}", each.bits, "Chen & Goodman 1999")
            for what, each in (("bytes", baselines.bytes), ("the same tokens", baselines.tokens)) if each is not None]
    for each in baselines.compressed:
        rows += [(f"bits per byte by {each.name}, after the training text", each.after, ""),
                 (f"bits per byte by {each.name}, alone", each.alone, "")]
    return tuple(Result(name=name, value=value, unit="bits", known=8.0, known_name=none, n=n, source=source)
                 for name, value, source in rows)


def judge_copies(judged: Judged) -> tuple[Result, ...]:
    """How much of the test text, and of what the model writes, stands in the training text word for word."""
    experiment, texts = judged.experiment, judged.texts
    corpus, parts, n = experiment.corpus, experiment.parts, experiment.recipe.evaluation.overlap
    held = overlap(byte_stretches(corpus, parts.test, n), byte_stretches(corpus, parts.train, n), n)
    named = f"sequences of {n} bytes that stand in the training text"
    found = [Result(name=f"test text: {named}", value=held.share, known=0.0,
                    known_name="a test text that shares nothing", n=held.of)]
    if not texts:
        return tuple(found)
    arrays = [np.frombuffer(text.encode(), np.uint8) for text in texts]
    own = overlap(arrays, byte_stretches(corpus, parts.train, n), n)
    longest, real = (max(longest_copy(experiment, text) for text in some) for some in (
        texts, like(experiment, [len(each) for each in arrays])))
    return (*found,
            Result(name=f"texts that it writes: {named}", value=own.share, known=held.share, n=own.of,
                   known_name="the test text's"),
            Result(name="longest copy in a text that it writes", value=float(longest), unit="bytes", known=float(real),
                   known_name="in as much of the test text", n=len(texts)))


def longest_copy(experiment: "GptExperiment", text: str) -> int:
    """Bytes of the longest stretch of a text that stands in the training text's first 8 MB."""
    return longest_match(text, experiment.corpus, up_to(experiment.parts.train, _LOOKED)).bytes


def like(experiment: "GptExperiment", sizes: Sequence[int]) -> list[str]:
    """As many stretches of the test text, of these sizes in bytes where it is that long, evenly spread."""
    spans = up_to(experiment.parts.test, _LOOKED)
    whole = b"".join(each.tobytes() for each in byte_blocks(experiment.corpus, spans))
    step = len(whole) // len(sizes)
    return [whole[k * step : k * step + size].decode("utf-8", "ignore") for k, size in enumerate(sizes)]
