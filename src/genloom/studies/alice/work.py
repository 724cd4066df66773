"""What the items share: the text, the models, how much is measured, and held-out sentences."""

import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import torch

from genloom.autoregressive.tokenizer import Tokenizer
from genloom.nn.gpt import GPT
from genloom.recipes import rules
from genloom.recipes.build_gpt import NAME, GptExperiment
from genloom.recipes.experiment import build
from genloom.recipes.gpt import SQUIRREL, GptRecipe
from genloom.recipes.judge_gpt import Judged
from genloom.recipes.registry import recipe
from genloom.studies import at_hand
from genloom.studies.alice.options import Options
from genloom.studies.context import Context, Trained

RECIPE = "gpt-alice"
"""The recipe, and the name of its run."""
SENTENCE = SQUIRREL
"""What the model is made to say in S2.24."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is trained and measured.

    seeds       trainings; their results have an interval where there are several
    starts      of the inversion, `steps` the most steps of each
    searches    for tokens, `exchanges` the most steps of each, `tried` the prompts in each of them
    sentences   held-out ones that attention is looked at over
    words       of a sentence, the last of which the model writes
    scored      held-out sentences whose probability is taken
    contexts    tokens at which the cost is measured, `tokens` those of a training step
    """

    seeds: int = 1
    starts: int = 20
    steps: int = 500
    searches: int = 2
    exchanges: int = 100
    tried: int = 128
    sentences: int = 60
    words: int = 11
    scored: int = 60
    contexts: tuple[int, ...] = (64, 128, 256, 512, 1024)
    tokens: int = 2048


SIZES = {"laptop": Sizes(), "gpu": Sizes(seeds=3, searches=5, exchanges=500, tried=512, sentences=200, scored=200)}
"""By tier."""


class Model(NamedTuple):
    """A finished training with its experiment."""

    trained: Trained
    experiment: GptExperiment

    @property
    def gpt(self) -> GPT:
        """The network of the checkpoint that was best on validation."""
        found = self.trained.networks[NAME]
        assert isinstance(found, GPT)
        return found

    @property
    def tokenizer(self) -> Tokenizer:
        """Text to tokens and back."""
        return self.experiment.tokenizer

    @property
    def before(self) -> list[int]:
        """The tokens that a text begins after."""
        return self.experiment.before()

    @property
    def recipe(self) -> GptRecipe:
        """What it was trained by."""
        return self.experiment.recipe


def sizes(context: Context) -> Sizes:
    """Those of the tier."""
    return SIZES[context.tier]


def text(context: Context) -> at_hand.Text:
    """The text that was asked for, or that is at hand."""
    return context.once("text", lambda: at_hand.text(context.data_root, _options(context).data.text))


def recipe_of(context: Context, seed: int | None = None) -> GptRecipe:
    """The recipe on this text; a function of the seed, or else of the study's.

    Errors: `InputError`, or `InputErrors`, for shares of the text that exclude one another.
    """
    base: GptRecipe = recipe(RECIPE, context.tier)
    data = replace(_options(context).data, text=text(context).text)
    found = replace(base, data=data, engine=replace(base.engine, seed=context.seed if seed is None else seed))
    rules.validate(found)
    return found


def experiment(context: Context) -> GptExperiment:
    """The text, its tokens and a network that nothing has taught."""
    def work() -> GptExperiment:
        made = build(recipe_of(context), context.data_root)
        assert isinstance(made, GptExperiment)
        return made

    return context.once("experiment", work)


def model(context: Context, seed: int | None = None) -> Model:
    """The model of a seed, or else of the study's, at the checkpoint that was best on the validation text."""
    chosen = recipe_of(context, seed)
    name = RECIPE if chosen.engine.seed == context.seed else f"{RECIPE}-seed{chosen.engine.seed}"
    trained = context.shipped(chosen, name, checkpoint="best")
    assert isinstance(trained.experiment, GptExperiment)
    trained.networks[NAME].to("cuda" if torch.cuda.is_available() else "cpu")
    return Model(trained, trained.experiment)


def models(context: Context) -> tuple[Model, ...]:
    """Those of all seeds, the study's first."""
    return tuple(model(context, context.seed + k) for k in range(sizes(context).seeds))


def judged(context: Context, made: Model) -> Judged:
    """What is measured of a model, each number once."""
    return context.once(("judged", made.trained.name), lambda: Judged(made.experiment, made.trained.networks))


def exact(context: Context) -> GPT:
    """The study's model in float64, on the CPU."""
    return context.once("float64", partial(_widened, model(context).gpt))


def _widened(gpt: GPT) -> GPT:
    return copy.deepcopy(gpt).cpu().double().eval()


def _options(context: Context) -> Options:
    return context.options if isinstance(context.options, Options) else Options()
