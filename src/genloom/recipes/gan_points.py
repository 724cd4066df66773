"""Recipes for generative adversarial networks on points in the plane: what can be chosen, and two named experiments."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from genloom.recipes.gans import Latent, Loss, Penalty
from genloom.recipes.points import Data
from genloom.recipes.process import Tier
from genloom.training.options import Engine, Optimizer


@dataclass(frozen=True, kw_only=True)
class Network:
    """The pair of networks, fully connected with LeakyReLU."""

    width: int = 64
    """Units of each hidden layer."""
    depth: int = 6
    """Linear layers of each network."""
    spectral: Literal["none", "discriminator", "both"] = "none"
    """Networks whose weights are divided by their largest singular value."""
    told: Literal["none", "concatenate", "multiply"] = "none"
    """How the generator is told the class: beside the noise, or as a factor of it."""
    judging: Literal["none", "planes", "projection", "auxiliary", "projection+auxiliary"] = "none"
    """How the discriminator is: beside the point, by projection, or by telling the class itself."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a model is judged."""

    samples: int = 2500
    """Points per sampling seed."""
    seeds: int = 3
    """Number of sampling seeds."""
    permutations: int = 200
    """Permutations of the energy test."""


def _adam() -> Optimizer:
    return Optimizer(lr=2e-3, beta1=0.0, beta2=0.99, schedule="cosine")


@dataclass(frozen=True, kw_only=True)
class GanPointsRecipe:
    """A generator and a discriminator of points in the plane."""

    builder: ClassVar[str] = "genloom.recipes.build_gan_points:GanPointsExperiment"

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=lambda: Data(pattern="grid", count=50_000))
    network: Network = field(default_factory=Network)
    latent: Latent = field(default_factory=lambda: Latent(size=2, law="normal"))
    loss: Loss = field(default_factory=Loss)
    penalty: Penalty = field(default_factory=lambda: Penalty(kind="r1", weight=0.1))
    generator: Optimizer = field(default_factory=_adam)
    discriminator: Optimizer = field(default_factory=_adam)
    engine: Engine = field(default_factory=lambda: Engine(steps=10_000, batch_size=128, ema=0.995, log_every=20,
                                                          evaluate_every=1000))
    evaluation: Evaluation = field(default_factory=Evaluation)


def gan_grid(tier: Tier = "laptop") -> GanPointsRecipe:
    """Twenty-five Gaussians on a lattice, by the non-saturating loss with R1."""
    recipe = GanPointsRecipe(name="gan-grid", summary="25 Gaussians on a lattice, non-saturating loss with R1")
    return _longer(recipe) if tier == "gpu" else recipe


def gan_ring(tier: Tier = "laptop") -> GanPointsRecipe:
    """Eight Gaussians on a circle, by the same."""
    recipe = replace(gan_grid(), name="gan-ring", summary="8 Gaussians on a circle, non-saturating loss with R1",
                     data=Data(pattern="mixture", count=50_000))
    recipe = replace(recipe, engine=replace(recipe.engine, steps=3000))
    return _longer(recipe) if tier == "gpu" else recipe


def _longer(recipe: GanPointsRecipe) -> GanPointsRecipe:
    return replace(recipe, network=replace(recipe.network, width=512),
                   engine=replace(recipe.engine, steps=50_000, batch_size=1024))
