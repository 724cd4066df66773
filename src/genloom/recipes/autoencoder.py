"""Recipes for autoencoders, in whose latent space pictures can be diffused: what can be chosen, and the named one."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from genloom.recipes.images import Data
from genloom.recipes.process import Tier
from genloom.training.options import Engine, Optimizer


@dataclass(frozen=True, kw_only=True)
class Network:
    """The encoder and the decoder, which mirror each other."""

    width: int = 32
    """Channels of the first level."""
    multipliers: tuple[int, ...] = (1, 2, 2)
    """Channels of each level in units of `width`; each level after the first halves the size."""
    blocks: int = 1
    """Residual blocks of each level."""
    latent_channels: int = 4
    """Numbers that are kept for each place of the smallest level."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What the autoencoder is trained for."""

    distance: Literal["l1", "l2"] = "l1"
    """Distance of a picture from its reconstruction."""
    beta: float = 1e-6
    """Weight of the KL divergence of the latents from N(0, I), in the sum over a picture."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How an autoencoder is judged."""

    samples: int = 512
    """Most of the kept-back pictures that are reconstructed."""
    features: Literal["auto", "inception", "digits", "random", "pixels"] = "auto"
    """What the Fréchet distance is taken in; auto is digits for digits and random convolutions otherwise."""
    weights: str = ""
    """File of Inception weights; without it they are fetched."""


@dataclass(frozen=True, kw_only=True)
class AutoencoderRecipe:
    """An autoencoder of pictures."""

    builder: ClassVar[str] = "genloom.recipes.build_autoencoder:AutoencoderExperiment"

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=Data)
    network: Network = field(default_factory=Network)
    objective: Objective = field(default_factory=Objective)
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(lr=1e-3, schedule="cosine", warmup=50))
    engine: Engine = field(default_factory=lambda: Engine(steps=3000, batch_size=16, clip=1.0, precision="auto"))
    evaluation: Evaluation = field(default_factory=Evaluation)


def kl_autoencoder(tier: Tier = "laptop") -> AutoencoderRecipe:
    """Pictures of 32 × 32 as 4 × 8 × 8 numbers, by an absolute distance and a tiny KL divergence; or 64 as 4 × 16 × 16.

    [Rombach et al. 2022, §3.1, factor f = 4; without its perceptual and adversarial terms]
    """
    recipe = AutoencoderRecipe(
        name="kl-autoencoder",
        summary="pictures as a quarter of their size and back, for diffusion in the latent space",
    )
    if tier == "gpu":
        return replace(
            recipe, data=replace(recipe.data, size=64),
            network=replace(recipe.network, width=128, multipliers=(1, 2, 4), blocks=2),
            optimizer=replace(recipe.optimizer, lr=2e-4, warmup=1000),
            engine=replace(recipe.engine, steps=100_000, batch_size=64, ema=0.9999))
    return recipe
