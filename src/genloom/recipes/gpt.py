"""Recipes for language models: a Transformer that predicts each token of a text from those before it."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from genloom.recipes.process import Tier
from genloom.training.options import Engine, Optimizer

TEXTS = ("python-docs", "alice")
"""Texts that have names, as `data.text.corpus.NAMES`; everything else is a path."""
SQUIRREL = "I am a little squirrel holding a walnut"
"""The sentence of S2.24."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """The text, and what of it no training sees."""

    text: str = "python-docs"
    """python-docs (inside every Python), alice, a text file (also .gz, .xz or .bz2), or a folder of them."""
    valid: float = 0.05
    """Share of the text that says which checkpoint is best, and when to stop."""
    test: float = 0.1
    """Share of the text that judges the result."""
    blocks: int = 10
    """Stretches of each of the two, spread evenly over the text."""
    stride: int = 0
    """Tokens between the beginnings of training windows; 0 is 1 for up to 10 million tokens, and the context beyond."""


@dataclass(frozen=True, kw_only=True)
class Tokenizer:
    """How text becomes tokens."""

    kind: Literal["bpe", "gpt2", "characters"] = "bpe"
    """Byte pairs that are learned from the training text, those of GPT-2, or each character a token."""
    vocabulary: int = 1024
    """Tokens that bpe learns, with the 256 bytes and the separator."""
    folder: str = ""
    """Folder with GPT-2's encoder.json and vocab.bpe; without it the data set gpt2-bpe."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """GPT-2's network, at any size."""

    width: int = 192
    """Channels of a token, a multiple of the heads."""
    blocks: int = 6
    """Transformer blocks."""
    heads: int = 6
    """Heads of each attention."""
    context: int = 64
    """Most tokens that it sees."""
    expansion: int = 4
    """Hidden units of each block's two layers, in units of the width."""
    dropout: float = 0.0
    """Share that is hidden in training of the embedding, the attention weights and what each branch adds."""
    positions: Literal["learned", "rotary"] = "learned"
    """A vector for each place, as in GPT-2, or queries and keys that are turned by their places."""
    bias: bool = True
    """Whether linear layers and norms add a vector, as in GPT-2."""


@dataclass(frozen=True, kw_only=True)
class Generation:
    """How text is written where nothing else is asked for."""

    count: int = 4
    """Texts."""
    tokens: int = 200
    """Tokens of each, after the prompt."""
    temperature: float = 0.8
    """What the logits are divided by; 0 takes the likeliest token."""
    top_k: int = 0
    """How many of the likeliest tokens stay; 0 is all."""
    top_p: float = 1.0
    """The likeliest tokens stay that reach this probability together; 1 is all."""
    min_p: float = 0.0
    """Tokens stay that have this share of the likeliest one's probability; 0 is all."""
    repetition: float = 1.0
    """How much less likely a token is that was there before; 1 is not at all."""
    past: Literal["refuse", "slide", "halve"] = "slide"
    """Beyond the context: write nothing, see the last tokens, or drop the older half whenever it is full."""
    prompt: str = ""
    """Text that they go on with; without it they begin as a line, or with GPT-2's tokens as a document, does."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How it is judged."""

    stride: int = 0
    """Tokens between strided windows, in which every token has more before it; 0 is half the context."""
    order: int = 8
    """Longest n-grams of bytes that the baseline is tried with; 0 leaves the n-gram baselines out."""
    overlap: int = 50
    """Bytes of the sequences that are looked for word for word in the training text."""
    texts: int = 8
    """Texts that are written to be looked for in the training text."""


@dataclass(frozen=True, kw_only=True)
class GptRecipe:
    """A language model."""

    builder: ClassVar[str] = "genloom.recipes.build_gpt:GptExperiment"
    keeps: ClassVar[str] = "genloom.recipes.known_text:read"
    use: ClassVar[str] = 'genloom sample {run} --prompt "The " --count 1'

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=Data)
    tokenizer: Tokenizer = field(default_factory=Tokenizer)
    network: Network = field(default_factory=Network)
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(
        name="adamw", lr=1e-3, beta2=0.99, weight_decay=0.1, decay="matrices", schedule="cosine", warmup=100,
        final=0.1))
    engine: Engine = field(default_factory=lambda: Engine(
        steps=3000, batch_size=32, clip=1.0, precision="auto", evaluate_every=100, patience=5))
    generation: Generation = field(default_factory=Generation)
    evaluation: Evaluation = field(default_factory=Evaluation)


def gpt(tier: Tier = "laptop") -> GptRecipe:
    """6 blocks, 6 heads, 192 wide, context 64, 1024 byte pairs; the gpu tier is twice as wide and sees 256 tokens."""
    recipe = GptRecipe(name="gpt", summary="a language model of 2.9 M numbers on any text, GPT-2's network",
                       network=Network(dropout=0.1))
    if tier == "gpu":
        return replace(recipe, tokenizer=Tokenizer(vocabulary=4096),
                       network=Network(width=384, context=256, dropout=0.2),
                       engine=replace(recipe.engine, steps=5000, batch_size=64))
    return recipe


def gpt_nano(tier: Tier = "laptop") -> GptRecipe:
    """3 blocks, 4 heads, 64 wide: a minute of training; the gpu tier trains longer."""
    recipe = GptRecipe(name="gpt-nano", summary="a language model of 0.2 M numbers, trained in a minute or two",
                       tokenizer=Tokenizer(vocabulary=512), network=Network(width=64, blocks=3, heads=4))
    recipe = replace(recipe, optimizer=replace(recipe.optimizer, lr=3e-3))
    steps = 20_000 if tier == "gpu" else 3000
    return replace(recipe, engine=replace(recipe.engine, steps=steps))


def gpt_alice(tier: Tier = "laptop") -> GptRecipe:
    """Alice's Adventures in Wonderland; the gpu tier sees 256 tokens."""
    recipe = GptRecipe(
        name="gpt-alice", summary="Alice's Adventures in Wonderland by a language model of 2.9 M numbers (S2.22–S2.29)",
        data=Data(text="alice"), network=Network(dropout=0.2))
    recipe = replace(recipe, engine=replace(recipe.engine, steps=2500))
    if tier == "gpu":
        return replace(recipe, network=replace(recipe.network, context=256, dropout=0.3),
                       engine=replace(recipe.engine, steps=5000, batch_size=64))
    return recipe


def gpt2(tier: Tier = "laptop") -> GptRecipe:
    """GPT-2's smallest network and tokens: 124 M numbers, context 1024; on a laptop 20 steps, some seconds each."""
    recipe = GptRecipe(
        name="gpt2", summary="GPT-2's 124 M numbers and its 50,257 tokens; 20 steps on a laptop, training on a GPU",
        tokenizer=Tokenizer(kind="gpt2"), network=Network(width=768, blocks=12, heads=12, context=1024))
    recipe = replace(recipe, optimizer=replace(recipe.optimizer, lr=6e-4, beta2=0.95),
                     evaluation=Evaluation(texts=1))
    if tier == "gpu":
        return replace(recipe, network=replace(recipe.network, dropout=0.1),
                       engine=replace(recipe.engine, steps=20_000, batch_size=480, accumulate=40, evaluate_every=500))
    return replace(recipe, optimizer=replace(recipe.optimizer, warmup=5),
                   engine=replace(recipe.engine, steps=20, batch_size=2, evaluate_every=0, patience=0, log_every=1))
