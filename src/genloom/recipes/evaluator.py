"""Recipes for evaluators: networks that name the objects of a picture, which judge generated ones or guide them."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from genloom.recipes.images import Data
from genloom.recipes.process import Tier
from genloom.training.options import Engine, Optimizer


@dataclass(frozen=True, kw_only=True)
class Network:
    """The residual network that looks at pictures."""

    width: int = 16
    """Channels of the first stage; each later stage has twice those of the one before. The course's has 64."""
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    """Basic blocks of each stage: 2 2 2 2 is ResNet-18."""
    pool: bool = False
    """Quarter the size in the stem, as the course's does, instead of halving it: faster, and worse at shapes."""


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How pictures are changed in training."""

    shift: int = 2
    """Pixels by which a picture may be moved, at most, in each direction; its edge is continued."""
    brightness: float = 0.1
    """Largest share by which a picture may be made brighter or darker."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How an evaluator is judged."""

    samples: int = 10_000
    """Kept-back pictures that it looks at, or as many as there are."""


@dataclass(frozen=True, kw_only=True)
class EvaluatorRecipe:
    """A network that names the objects of a picture."""

    builder: ClassVar[str] = "genloom.recipes.build_evaluator:EvaluatorExperiment"
    draws: ClassVar[bool] = False

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=lambda: Data(source="iclevr", size=64, zoom=1.0, flip=False))
    network: Network = field(default_factory=Network)
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(lr=2e-3, schedule="cosine", warmup=100))
    engine: Engine = field(default_factory=lambda: Engine(steps=4000, batch_size=64, ema=0.99, precision="auto"))
    evaluation: Evaluation = field(default_factory=Evaluation)


def evaluator_iclevr(tier: Tier = "laptop") -> EvaluatorRecipe:
    """The 24 objects of i-CLEVR at 64 × 64, trained on scenes of which none is judged; the gpu tier has full width."""
    recipe = EvaluatorRecipe(
        name="evaluator-iclevr",
        summary="a ResNet-18 that names the objects of i-CLEVR's pictures, as a judge or a guide (S1.9, S1.15–S1.18)",
    )
    if tier == "gpu":
        return replace(recipe, network=replace(recipe.network, width=64),
                       engine=replace(recipe.engine, steps=6000, batch_size=128, ema=0.995))
    return recipe
