"""A recipe of a language model made real: its text, tokenizer, network and method."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.autoregressive.method import LanguageModel
from genloom.autoregressive.token_file import TokenFile, tokenised
from genloom.autoregressive.tokenizer import Tokenizer
from genloom.autoregressive.windows import FixedWindows, Windows
from genloom.data.text.corpus import Corpus, read_corpus
from genloom.data.text.split import Parts, split
from genloom.errors import DataError
from genloom.nn.gpt import GPT, GPTShape
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.gpt import GptRecipe
from genloom.recipes.gpt_parts import make_tokenizer
from genloom.recipes.known_text import KnownText
from genloom.rng import fold
from genloom.training.engine import Job
from genloom.training.method import Batch, Networks, Source

if TYPE_CHECKING:
    from genloom.recipes.baselines_gpt import Baselines
    from genloom.report.results import Item, Result

NAME = "gpt"
"""The name of the network and of its optimizer."""
_DENSE = 10_000_000  # training tokens up to which a window begins at each


class GptExperiment:
    """Implements `recipes.experiment.Experiment` for `GptRecipe`.

    The text is read when it is needed: with `known`, which a run keeps, drawing and scoring never do.

    known      the tokenizer, and which text it was; a text that is another one now is refused
    listener   is told a text while it is written, if one is asked for alone; None where nobody listens

    Errors: those of the text and of the tokenizer, where there is no `known`.
    """

    def __init__(self, recipe: GptRecipe, data_root: Path | None = None, known: KnownText | None = None) -> None:
        self.recipe = recipe
        self._data_root, self._known = data_root, known
        self.listener: Callable[[str], None] | None = None
        self.tokenizer: Tokenizer = known.tokenizer if known else make_tokenizer(
            recipe.tokenizer, self.corpus, self.parts.train, data_root)
        self.network = make_gpt(recipe, self.tokenizer.vocabulary)

    @cached_property
    def corpus(self) -> Corpus:
        """The text.

        Errors: those of `read_corpus`; `DataError` for another text than the one that the run was trained on.
        """
        found = read_corpus(self.recipe.data.text, self._data_root)
        if self._known and self._known.digest not in ("", found.digest):  # "" where it was trained elsewhere
            raise DataError(f"data.text = {self.recipe.data.text}: this run was trained on another text "
                            f"({self._known.description}, sha256 {self._known.digest[:12]}); it is "
                            f"{found.description}, sha256 {found.digest[:12]}, now; bring the former back, or train "
                            "anew")
        return found

    @cached_property
    def parts(self) -> Parts:
        """Its spans for training, validation and the test."""
        chosen = self.recipe.data
        return split(self.corpus, chosen.valid, chosen.test, chosen.blocks)

    @cached_property
    def train(self) -> TokenFile:
        """The tokens of training."""
        return tokenised(self.corpus, self.parts.train, self.tokenizer)

    @cached_property
    def valid(self) -> TokenFile:
        """The tokens that say which checkpoint is best."""
        return tokenised(self.corpus, self.parts.valid, self.tokenizer)

    @cached_property
    def test(self) -> TokenFile:
        """The tokens that judge."""
        return tokenised(self.corpus, self.parts.test, self.tokenizer)

    @cached_property
    def windows(self) -> Windows:
        """What training draws from."""
        context, tokens = self.recipe.network.context, len(self.train)
        return Windows(self.train, context, self.recipe.data.stride or (1 if tokens <= _DENSE else context))

    @cached_property
    def baselines(self) -> "Baselines":
        """What it has to beat."""
        from genloom.recipes.baselines_gpt import baselines

        return baselines(self)

    @property
    def known(self) -> KnownText:
        """What a run keeps of the text."""
        return self._known or KnownText(self.tokenizer, self.corpus.description, self.corpus.digest)

    def keep(self, run: Path) -> None:
        """Put it into the folder of the run, unless it is there."""
        if self._known is None:
            self.known.write(run)

    def fixed(self, tokens: TokenFile, stride: int = 0) -> FixedWindows:
        """Windows in which each held-out token counts once."""
        return FixedWindows(tokens, self.recipe.network.context, stride)

    def before(self, after: str | None = None) -> list[int]:
        """The tokens that a text begins after: those of `after`, or the usual ones.

        A text of GPT-2's tokens begins after the end of another document, any other text as a line does.
        """
        if after:
            return self.tokenizer.encode(after)
        separator = self.tokenizer.separator
        return [separator] if self.tokenizer.kind == "gpt2" and separator is not None else self.tokenizer.encode("\n")

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The text, its parts and tokens, and the network's size."""
        chosen, tokens = self.recipe.network, self.tokenizer
        sizes = " · ".join(f"{len(part):,} {name}" for part, name in (
            (self.train, "to train"), (self.valid, "to validate"), (self.test, "to test")))
        each = self.train.bytes / max(1, len(self.train))
        return (
            ("data", f"{self.corpus.description}, sha256 {self.corpus.digest[:12]}"),
            ("tokens", f"{sizes}; {tokens.kind} of {tokens.vocabulary:,}, {each:.2f} bytes each"),
            ("network", f"GPT of {chosen.blocks} blocks, {chosen.heads} heads, width {chosen.width}, context "
                        f"{chosen.context}: {self.network.parameters_count:,} parameters, the tied head counted once"),
        )

    def job(self) -> Job:
        """One network, one optimizer, one loss."""
        return Job(method=LanguageModel(name=NAME), networks={NAME: self.network},
                   optimizers={NAME: self.recipe.optimizer}, source=_Later(lambda: self.windows),
                   options=self.recipe.engine, judge=self._judge if self.recipe.data.valid else None)

    def sample(self, networks: Networks, request: SampleRequest, folder: Path,
               provenance: dict[str, str]) -> list[Path]:
        """Texts, and their tokens with log-probabilities."""
        from genloom.recipes.sample_gpt import sample

        return sample(self, networks, request, folder, provenance)

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """Loss and bits per byte of held-out text beside n-grams and compressors; what is copied word for word."""
        from genloom.recipes.judge_gpt import judge_all

        return judge_all(self, networks)

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The losses over the steps with where memorising starts, baselines, a page of text, and what it costs."""
        from genloom.recipes.show_gpt import run_items

        return run_items(self, networks, run, provenance)

    def _judge(self, networks: Networks) -> dict[str, float]:
        from genloom.recipes.judge_gpt import quick

        return quick(self, networks)


class _Later:
    """Training data that are read when the first of them is asked for."""

    def __init__(self, find: Callable[[], Source]) -> None:
        self._find = find

    def __len__(self) -> int:
        return len(self._find())

    def batch(self, indices: Tensor) -> Batch:
        return self._find().batch(indices)


def make_gpt(recipe: GptRecipe, vocabulary: int) -> GPT:
    """The network of a recipe, with weights that are a function of the seed.

    Errors: `InputError` for sizes that do not fit.
    """
    chosen = recipe.network
    shape = GPTShape(vocabulary=vocabulary, context=chosen.context, width=chosen.width, blocks=chosen.blocks,
                     heads=chosen.heads, expansion=chosen.expansion, dropout=chosen.dropout,
                     positions=chosen.positions, bias=chosen.bias)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(recipe.engine.seed, 0))
        return GPT(shape)
