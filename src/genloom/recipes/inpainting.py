"""Recipes for completing pictures: what can be chosen, and the two named ones, with and without a discriminator."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from genloom.recipes.images import Data
from genloom.recipes.process import Tier
from genloom.training.options import Engine, Optimizer


@dataclass(frozen=True, kw_only=True)
class Masks:
    """What is hidden of a picture."""

    kind: Literal["centre", "half", "boxes", "strokes", "mixed"] = "mixed"
    """A box in the middle, one of the four halves, three random boxes, four brush strokes, or any of these."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """The U-Net that completes."""

    width: int = 16
    """Channels of the first layer."""
    multipliers: tuple[int, ...] = (1, 2, 4)
    """Channels of each level in units of `width`; each level halves the size."""
    blocks: int = 1
    """Residual blocks of each level."""
    attention: tuple[int, ...] = (8,)
    """Sizes, in pixels, at which it attends; 0 is none but the middle."""
    heads: int = 4
    """Heads of each attention."""


@dataclass(frozen=True, kw_only=True)
class Discriminator:
    """The network that tells completed pictures from real ones, patch by patch."""

    width: int = 32
    """Channels of the first layer; each further one has twice as many."""
    layers: int = 2
    """Halvings of the size: 1 sees patches of 16 pixels, 2 of 34, 3 of 70."""
    lr: float = 4e-4
    """Learning rate; its other options are those of the completing network."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What is trained for beside the squared error of hidden pixels."""

    weight: float = 0.0
    """Weight of the adversarial loss; 0 trains without a discriminator."""
    adversarial: Literal["non-saturating", "minimax", "least-squares", "hinge"] = "non-saturating"
    """The game that the two networks play."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a model is judged."""

    samples: int = 128
    """Most of the kept-back pictures that are completed; as many others stand for the data."""
    seed: int = 0
    """Seed of their masks."""
    features: Literal["auto", "inception", "digits", "random", "pixels"] = "auto"
    """What the Fréchet distance is taken in; auto is digits for digits and random convolutions otherwise."""
    weights: str = ""
    """File of Inception weights; without it they are fetched."""


@dataclass(frozen=True, kw_only=True)
class InpaintingRecipe:
    """A network that completes pictures."""

    builder: ClassVar[str] = "genloom.recipes.build_inpainting:InpaintingExperiment"

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=Data)
    masks: Masks = field(default_factory=Masks)
    network: Network = field(default_factory=Network)
    discriminator: Discriminator = field(default_factory=Discriminator)
    loss: Loss = field(default_factory=Loss)
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(lr=2e-3, schedule="cosine", warmup=20))
    engine: Engine = field(default_factory=lambda: Engine(steps=1200, batch_size=32, precision="auto"))
    evaluation: Evaluation = field(default_factory=Evaluation)


def inpaint_mse(tier: Tier = "laptop") -> InpaintingRecipe:
    """S3.6: a U-Net that is shown the known pixels and the mask, trained by the squared error of the hidden ones."""
    recipe = InpaintingRecipe(
        name="inpaint-mse",
        summary="pictures completed by a U-Net, squared error alone (S3.6)",
    )
    return _large(recipe) if tier == "gpu" else recipe


def inpaint_gan(tier: Tier = "laptop") -> InpaintingRecipe:
    """S3.7: the same with a discriminator that tells completed pictures from real ones."""
    recipe = replace(
        inpaint_mse(), name="inpaint-gan",
        summary="pictures completed by a U-Net, squared error and a discriminator (S3.7)",
        loss=Loss(weight=0.02), optimizer=Optimizer(lr=1e-3, beta1=0.5, schedule="cosine", warmup=20))
    return _large(recipe) if tier == "gpu" else recipe


def _large(recipe: InpaintingRecipe) -> InpaintingRecipe:
    return replace(
        recipe, data=replace(recipe.data, size=64),
        network=replace(recipe.network, width=64, multipliers=(1, 2, 2, 4), blocks=2),
        discriminator=replace(recipe.discriminator, width=64, layers=3, lr=2e-4),
        optimizer=replace(recipe.optimizer, lr=2e-4, warmup=500),
        engine=replace(recipe.engine, steps=30_000, batch_size=64),
        evaluation=replace(recipe.evaluation, samples=150))
