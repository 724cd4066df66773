"""Recipes for diffusion on points in the plane: what can be chosen, and the three named experiments."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from genloom.recipes.process import Diffusion, Schedule, Tier
from genloom.training.options import Engine, Optimizer


@dataclass(frozen=True, kw_only=True)
class Data:
    """The points to learn."""

    pattern: Literal["square", "text", "moons", "spiral", "rings", "checkerboard", "mixture", "grid",
                     "file"] = "square"
    """The distribution, or a CSV or NPY file of one's own."""
    count: int = 2000
    """Number of training points."""
    classes: int = 0
    """Split the pattern into this many classes; 0 uses none."""
    text: str = "CS446"
    """What the pattern `text` spells."""
    path: str = ""
    """The file of the pattern `file`: two columns x, y and, optionally, an integer class."""
    seed: int = 0
    """Seed of the training points."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network that denoises."""

    kind: Literal["mlp", "scorenet"] = "mlp"
    """mlp: fully connected layers with LeakyReLU; scorenet: 8 linear layers with Softplus, fed (x, σ)."""
    width: int = 128
    """Units of each hidden layer."""
    depth: int = 3
    """Linear layers of the mlp."""
    frequencies: int = 8
    """Sine and cosine pairs by which the mlp sees the time; 0 gives it the bare number."""
    embedding: int = 16
    """Size of the class vectors."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How new points are drawn."""

    sampler: str = "ddim"
    """Name of the sampler; `genloom list samplers` shows all."""
    steps: int = 1000
    """Steps from noise to data; for langevin, over all noise levels together."""
    spacing: Literal["uniform", "quadratic", "karras", "log-snr"] = "uniform"
    """Where the steps lie."""
    eta: float = 0.0
    """Noise of ddim: 0 none, 1 as DDPM."""
    guidance: float = 1.0
    """Scale of classifier-free guidance; 1 is plain conditional sampling."""
    epsilon: float = 2e-5
    """Step size of langevin at the smallest noise level σ_L; below 2 σ_L²."""
    start: Literal["moments", "data", "standard"] = "moments"
    """Where sampling starts: a normal with the moments of p_1, p_1 of the training points itself, or N(0, I)."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a model is judged."""

    samples: int = 1000
    """Points per sampling seed."""
    seeds: int = 3
    """Number of sampling seeds."""
    permutations: int = 500
    """Permutations of the energy test."""
    loss_points: int = 200_000
    """Fresh points for the loss that stands beside the Bayes optimum."""


@dataclass(frozen=True, kw_only=True)
class PointsRecipe:
    """A diffusion model of points in the plane."""

    builder: ClassVar[str] = "genloom.recipes.build_points:PointsExperiment"

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=Data)
    network: Network = field(default_factory=Network)
    schedule: Schedule = field(default_factory=Schedule)
    diffusion: Diffusion = field(default_factory=Diffusion)
    optimizer: Optimizer = field(default_factory=Optimizer)
    engine: Engine = field(default_factory=Engine)
    sampling: Sampling = field(default_factory=Sampling)
    evaluation: Evaluation = field(default_factory=Evaluation)


def ve_square(tier: Tier = "laptop") -> PointsRecipe:
    """S2: uniform points in [−1, 1]², σ(t) = e^{5(t − 1)}, an MLP that predicts the noise."""
    recipe = PointsRecipe(
        name="ve-square",
        summary="points in a square, variance-exploding diffusion (S2.1–S2.12)",
        data=Data(count=3000),
        optimizer=Optimizer(lr=5e-3, schedule="cosine", warmup=50),
    )
    if tier == "gpu":
        return replace(recipe, network=replace(recipe.network, width=512), engine=replace(recipe.engine, steps=20_000))
    return recipe


def ve_square_classes(tier: Tier = "laptop") -> PointsRecipe:
    """S2's conditional model: five regions of the square are five classes."""
    recipe = ve_square(tier)
    return replace(recipe, name="ve-square-classes",
                   summary="the square in five labelled regions, conditional diffusion (S2.13–S2.20)",
                   data=replace(recipe.data, classes=5), network=replace(recipe.network, frequencies=4),
                   engine=replace(recipe.engine, steps=max(4000, recipe.engine.steps)))


def score_letters(tier: Tier = "laptop") -> PointsRecipe:
    """S4: the letters CS446 as points, ScoreNet trained by denoising score matching, annealed Langevin dynamics."""
    recipe = PointsRecipe(
        name="score-letters",
        summary="letters as points, denoising score matching and annealed Langevin dynamics (S4.19–S4.24)",
        data=Data(pattern="text", count=10_000),
        network=Network(kind="scorenet", width=128),
        schedule=Schedule(kind="geometric", sigma_min=0.01, sigma_max=0.3),
        diffusion=Diffusion(prediction="score", weight="noise", reduction="half-sum", times="levels", levels=10,
                            time_input="sigma"),
        optimizer=Optimizer(lr=7e-3, beta2=0.99, schedule="cosine", warmup=50),
        engine=Engine(steps=6000, batch_size=2000, clip=1.0, ema=0.999, log_every=20),
        sampling=Sampling(sampler="langevin", steps=1000, start="standard"),
    )
    if tier == "gpu":
        return replace(recipe, optimizer=replace(recipe.optimizer, lr=0.01, beta2=0.999),
                       engine=replace(recipe.engine, steps=50_000, batch_size=0))
    return recipe
