"""Recipes for generative adversarial networks on pictures: what can be chosen, and the named experiments."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from genloom.recipes.images import Data
from genloom.recipes.process import Tier
from genloom.training.options import Engine, Optimizer


@dataclass(frozen=True, kw_only=True)
class Network:
    """The pair of networks."""

    kind: Literal["mlp", "course", "tables", "dcgan", "residual", "progressive"] = "course"
    """mlp and course are the pairs of S0, tables is that of S4; residual is that of SNGAN and SAGAN."""
    width: int = 64
    """Channels of the level at full size, for dcgan, residual and progressive; the other pairs have their own."""
    attention: tuple[int, ...] = ()
    """Sizes, in pixels, at which both networks of residual attend."""
    norm: Literal["batch", "none"] = "batch"
    """Normalisation in dcgan's discriminator; penalties on a sample's own gradient need none."""
    spectral: Literal["none", "discriminator", "both"] = "none"
    """Networks whose weights are divided by their largest singular value."""
    told: Literal["none", "concatenate", "multiply", "norm"] = "none"
    """How the generator is told the class: beside the noise, as a factor of it, or through its batch norms."""
    judging: Literal["none", "planes", "projection", "auxiliary", "projection+auxiliary"] = "none"
    """How the discriminator is: as a plane of the picture, by projection, or by telling the class itself."""


@dataclass(frozen=True, kw_only=True)
class Latent:
    """What the generator starts from."""

    size: int = 96
    """Coordinates of the noise."""
    law: Literal["uniform", "normal"] = "uniform"
    """uniform in [−1, 1], or normal."""
    categories: int = 0
    """Categories of InfoGAN's code; 0 is none."""
    values: int = 0
    """Number of InfoGAN's codes in [−1, 1]."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """The game that the two networks play."""

    adversarial: Literal["non-saturating", "minimax", "least-squares", "hinge", "wasserstein",
                         "relativistic"] = "non-saturating"
    """The losses of both sides."""
    critic_steps: int = 1
    """Updates of the discriminator for each of the generator."""
    clip: float = 0.0
    """Largest weight of the discriminator, as WGAN asks; 0 does not clip."""
    labels: float = 1.0
    """Weight of telling the class, where network.judging has an auxiliary classifier."""
    taught: Literal["both", "real"] = "both"
    """Which pictures that classifier learns from; the generator is told by it either way."""
    code: float = 1.0
    """Weight of reading InfoGAN's codes."""
    evaluator: str = ""
    """An evaluator, by name, run or file, that reads what the generator draws as it learns; it may not judge."""
    reading: float = 1.0
    """Weight of the labels that it misses."""


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """What keeps the discriminator's slope in bounds."""

    kind: Literal["none", "unit-slope", "r1", "r2", "r1+r2"] = "none"
    """unit-slope is WGAN-GP's; r1 is on real pictures, r2 on fakes, r1+r2 is R3GAN's."""
    weight: float = 10.0
    """Its weight: λ of WGAN-GP, γ of R1 and R2."""
    every: int = 1
    """Steps between penalties, which then weigh so many times as much."""
    drift: float = 0.0
    """Weight of the mean square of the logits of real samples, in every update and beside any kind, even none."""


@dataclass(frozen=True, kw_only=True)
class Augment:
    """What is done to real pictures and fakes before the discriminator sees them; gradients pass through it."""

    policy: tuple[Literal["colour", "shift", "cut"], ...] = ()
    """Brightness, saturation and contrast; a shift by up to an eighth; a square cut out."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a model is judged."""

    samples: int = 2000
    """Pictures that are drawn for the Fréchet distance and its companions."""
    quick: int = 500
    """Pictures that are looked at during training: their distance chooses the best checkpoint, and is not reported."""
    seeds: int = 1
    """Number of sampling seeds."""
    features: Literal["auto", "inception", "digits", "random", "pixels"] = "auto"
    """What the Fréchet distance is taken in; auto is digits for digits and random convolutions otherwise."""
    weights: str = ""
    """File of Inception weights; without it they are fetched."""
    judge: str = ""
    """Evaluator that says which labels pictures show: a name, run or file; empty: evaluator-iclevr-b for i-CLEVR."""
    label_seeds: int = 3
    """Pictures that are drawn for each label set of the lists test and new_test."""


def _adam(lr: float = 1e-3) -> Optimizer:
    return Optimizer(lr=lr, beta1=0.5)


def _engine(steps: int = 3000, batch_size: int = 128, ema: float = 0.0) -> Engine:
    """A game goes up and down, so it is looked at ten times on the way, and so are its samples."""
    return Engine(steps=steps, batch_size=batch_size, ema=ema, precision="auto", sample_every=max(1, steps // 10),
                  evaluate_every=max(1, steps // 10))


@dataclass(frozen=True, kw_only=True)
class GanRecipe:
    """A generator and a discriminator of pictures."""

    builder: ClassVar[str] = "genloom.recipes.build_gans:GanExperiment"

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=lambda: Data(source="mnist", size=28, channels=1, zoom=1.0, flip=False))
    network: Network = field(default_factory=Network)
    latent: Latent = field(default_factory=Latent)
    loss: Loss = field(default_factory=Loss)
    penalty: Penalty = field(default_factory=Penalty)
    augment: Augment = field(default_factory=Augment)
    generator: Optimizer = field(default_factory=_adam)
    discriminator: Optimizer = field(default_factory=_adam)
    engine: Engine = field(default_factory=_engine)
    evaluation: Evaluation = field(default_factory=Evaluation)


def vanilla_gan(tier: Tier = "laptop") -> GanRecipe:
    """S0.12–S0.14: fully connected networks, z uniform of 96, the non-saturating loss."""
    recipe = GanRecipe(
        name="vanilla-gan",
        summary="MNIST by fully connected networks, non-saturating loss (S0.12–S0.14)",
        network=Network(kind="mlp"),
    )
    return _longer(recipe, 60_000) if tier == "gpu" else recipe


def ls_gan(tier: Tier = "laptop") -> GanRecipe:
    """S0.15–S0.16: the same networks with least squares."""
    return replace(vanilla_gan(tier), name="ls-gan", summary="the same networks, least-squares loss (S0.15–S0.16)",
                   loss=Loss(adversarial="least-squares"))


def dcgan_mnist(tier: Tier = "laptop") -> GanRecipe:
    """S0.17–S0.18: the course's convolutional pair."""
    recipe = GanRecipe(
        name="dcgan-mnist",
        summary="MNIST by the course's convolutional pair (S0.17–S0.18)",
        network=Network(kind="course"),
    )
    return _longer(recipe, 60_000) if tier == "gpu" else recipe


def tiny_gan(tier: Tier = "laptop") -> GanRecipe:
    """S4.13–S4.18: 593 parameters against 107,777, z uniform of 64, batch 256; 30 epochs, or the course's 100.

    So small a discriminator must learn ten times as fast to be of use: after 600 steps FD-digits is 10, and 37 where
    both learn at 1e-3. [Two rates: Heusel et al. 2017]
    """
    recipe = GanRecipe(
        name="tiny-gan",
        summary="MNIST by the pair of S4's Tables 1 and 2: 593 parameters against 107,777 (S4.13–S4.18)",
        network=Network(kind="tables"),
        latent=Latent(size=64),
        discriminator=_adam(1e-2),
        engine=_engine(7020, 256),
    )
    return _longer(recipe, 23_400) if tier == "gpu" else recipe


def r3gan(tier: Tier = "laptop") -> GanRecipe:
    """Residual networks, the relativistic loss, and R1 and R2 every fourth step, for any folder of pictures.

    Of all these it needs the fewest steps: of 2,000 cats at 32 × 32 it draws faces after 1,400. [Huang et al. 2024]
    """
    both = Optimizer(lr=5e-4, beta1=0.0, beta2=0.99)
    recipe = GanRecipe(
        name="r3gan",
        summary="any folder of pictures by residual networks, relativistic loss with R1 and R2: the one to begin with",
        data=Data(),
        network=Network(kind="residual", width=32, norm="none"),
        latent=Latent(size=128, law="normal"),
        loss=Loss(adversarial="relativistic"),
        penalty=Penalty(kind="r1+r2", weight=2.0, every=4),
        augment=Augment(policy=("shift",)),
        generator=both, discriminator=both,
        engine=_engine(3000, 64, ema=0.999),
    )
    return _longer(replace(recipe, network=replace(recipe.network, width=128)), 100_000) if tier == "gpu" else recipe


def sngan(tier: Tier = "laptop") -> GanRecipe:
    """Residual networks, spectral normalisation and the hinge loss, for any folder of pictures.

    With one update of so bounded a discriminator for each of the generator, and colours changed before it looks, it
    tells nothing apart for thousands of steps; two updates and shifts alone mend that. [Miyato et al. 2018 take five]
    """
    recipe = GanRecipe(
        name="sngan",
        summary="any folder of pictures by residual networks with spectral normalisation, hinge loss",
        data=Data(),
        network=Network(kind="residual", width=32, spectral="discriminator", norm="none"),
        latent=Latent(size=128, law="normal"),
        loss=Loss(adversarial="hinge", critic_steps=2),
        augment=Augment(policy=("shift",)),
        generator=Optimizer(lr=2e-4, beta1=0.0, beta2=0.9), discriminator=Optimizer(lr=4e-4, beta1=0.0, beta2=0.9),
        engine=_engine(2000, 64, ema=0.999),
    )
    return _longer(replace(recipe, network=replace(recipe.network, width=128)), 100_000) if tier == "gpu" else recipe


def sagan(tier: Tier = "laptop") -> GanRecipe:
    """The same with self-attention, and spectral normalisation in both networks."""
    recipe = sngan(tier)
    return replace(recipe, name="sagan", summary="the same with self-attention, and spectral normalisation in both",
                   network=replace(recipe.network, attention=(16,), spectral="both"))


def progressive_gan(tier: Tier = "laptop") -> GanRecipe:
    """Networks that grow from 4 × 4 pixels to the whole while they train, with WGAN-GP and ε_drift = 0.001."""
    recipe = GanRecipe(
        name="progressive-gan",
        summary="any folder of pictures by networks that grow from 4 × 4 pixels while they train, WGAN-GP",
        data=Data(),
        network=Network(kind="progressive", width=32, norm="none"),
        latent=Latent(size=128, law="normal"),
        loss=Loss(adversarial="wasserstein"),
        penalty=Penalty(kind="unit-slope", drift=1e-3),
        generator=Optimizer(lr=1e-3, beta1=0.0, beta2=0.99), discriminator=Optimizer(lr=1e-3, beta1=0.0, beta2=0.99),
        engine=_engine(3000, 32, ema=0.999),
    )
    return _longer(replace(recipe, network=replace(recipe.network, width=64)), 100_000) if tier == "gpu" else recipe


def info_gan(tier: Tier = "laptop") -> GanRecipe:
    """The course's convolutional pair with a code of ten categories and two values that the picture shows."""
    return replace(dcgan_mnist(tier), name="info-gan",
                   summary="MNIST with codes that are made visible: ten categories and two values (InfoGAN)",
                   latent=Latent(size=62, categories=10, values=2))


def gan_iclevr(tier: Tier = "laptop") -> GanRecipe:
    """S1: i-CLEVR's scenes at 64 × 64 from sets of objects, told through the generator's norms and by projection.

    An evaluator that will not judge reads the generator's pictures: the discriminator alone learns what a red cylinder
    is much later than what a scene is.
    """
    recipe = GanRecipe(
        name="gan-iclevr",
        summary="i-CLEVR's scenes from sets of objects, a GAN that an evaluator reads (S1.3–S1.5, S1.15–S1.16)",
        data=Data(source="iclevr", size=64, zoom=1.0, flip=False, holdout=0.05),
        network=Network(kind="dcgan", width=32, norm="none", spectral="discriminator", told="norm",
                        judging="projection+auxiliary"),
        latent=Latent(size=128, law="normal"),
        loss=Loss(adversarial="hinge", evaluator="evaluator-iclevr-a"),
        augment=Augment(policy=("shift",)),
        generator=Optimizer(lr=2e-4, beta1=0.0, beta2=0.9), discriminator=Optimizer(lr=4e-4, beta1=0.0, beta2=0.9),
        engine=_engine(8000, 64, ema=0.999),
    )
    return _longer(replace(recipe, network=replace(recipe.network, width=64)), 100_000) if tier == "gpu" else recipe


def _longer(recipe: GanRecipe, steps: int) -> GanRecipe:
    return replace(recipe, engine=_engine(steps, recipe.engine.batch_size, recipe.engine.ema or 0.999),
                   evaluation=replace(recipe.evaluation, samples=10_000, quick=2000, seeds=3))
