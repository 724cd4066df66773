"""Recipes for classifiers of pictures, clean or noised, which guide diffusion models and judge what they draw."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from genloom.recipes.images import Data
from genloom.recipes.process import Schedule, Tier
from genloom.training.options import Engine, Optimizer


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network that classifies."""

    width: int = 16
    """Channels of the first level."""
    multipliers: tuple[int, ...] = (1, 2, 4, 8)
    """Channels of each level, in units of `width`; each level halves the size."""


@dataclass(frozen=True, kw_only=True)
class Classifying:
    """What is classified."""

    noisy: bool = False
    """Learn p(y | x_t) of pictures noised as by the schedule, told the time, instead of p(y | x0) of clean ones."""
    times: Literal["uniform", "table"] = "table"
    """How the times of noised pictures are drawn."""
    time_input: Literal["t", "sigma", "index"] = "index"
    """What the network is told of the time; index is t·T − 1, the place in a table of T entries (1000 without one)."""
    shift: int = 2
    """Pixels by which a training picture may be moved, at most, in each direction; its edge is continued."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a classifier is judged."""

    samples: int = 10_000
    """Kept-back pictures that are classified, or as many as there are."""
    bins: int = 15
    """Bins of the calibration error."""
    levels: int = 11
    """Times at which a classifier of noised pictures is judged."""
    level_samples: int = 2000
    """Kept-back pictures that are noised and classified at each time."""


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe:
    """A classifier of pictures."""

    builder: ClassVar[str] = "genloom.recipes.build_classifiers:ClassifierExperiment"
    draws: ClassVar[bool] = False

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=Data)
    network: Network = field(default_factory=Network)
    schedule: Schedule = field(default_factory=lambda: Schedule(kind="cosine"))
    classifying: Classifying = field(default_factory=Classifying)
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(lr=2e-3, schedule="cosine", warmup=50))
    engine: Engine = field(default_factory=lambda: Engine(steps=1500, batch_size=64, ema=0.99, precision="auto"))
    evaluation: Evaluation = field(default_factory=Evaluation)


def digit_classifier(tier: Tier = "laptop") -> ClassifierRecipe:
    """MNIST digits as `ddpm-digits` sees them: for guidance through x̂0, label accuracy, and features of digits."""
    recipe = ClassifierRecipe(
        name="digit-classifier",
        summary="a classifier of clean MNIST digits, for guidance through x̂0 and as a judge",
        data=Data(source="mnist", size=32, channels=1, zoom=1.0, flip=False),
    )
    if tier == "gpu":
        return replace(recipe, network=replace(recipe.network, width=32),
                       engine=replace(recipe.engine, steps=10_000, batch_size=256, ema=0.999))
    return recipe


def digit_classifier_noisy(tier: Tier = "laptop") -> ClassifierRecipe:
    """The same digits, noised by the schedule of `ddpm-digits`: for classifier guidance at x_t."""
    recipe = digit_classifier(tier)
    return replace(recipe, name="digit-classifier-noisy",
                   summary="a classifier of noised MNIST digits that is told the time, for classifier guidance",
                   classifying=Classifying(noisy=True), schedule=Schedule(kind="cosine", steps=1000))
