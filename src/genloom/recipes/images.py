"""Recipes for diffusion on pictures: what can be chosen, and the named experiments."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from genloom.recipes.process import Diffusion, Schedule, Tier
from genloom.training.options import Engine, Optimizer


@dataclass(frozen=True, kw_only=True)
class Data:
    """The pictures to learn."""

    source: Literal["cats64", "mnist", "iclevr", "digits", "shapes", "scenes"] = "shapes"
    """cats64, mnist and iclevr are real sets; digits are scikit-learn's 1,797; shapes and scenes are drawn here."""
    folder: str = ""
    """A folder or a ZIP of one's own pictures, in place of the source; sub-folders are classes. Or where iclevr is."""
    category: str = ""
    """Take this class alone, by the name of its sub-folder; empty takes all."""
    size: int = 32
    """Width and height that the network sees."""
    channels: Literal[1, 3] = 3
    """1 for grey, 3 for colour."""
    zoom: float = 1.12
    """Pictures are resized to zoom · size, and a random square of them is cut out in training."""
    flip: bool = True
    """Mirror half of the pictures left to right in training."""
    holdout: float = 0.15
    """Share of the pictures that is kept from training, to judge with; sets with a test split use that instead."""
    strict: bool = False
    """Refuse a folder with pictures that cannot be read, instead of leaving them out with a count."""
    scenes: int = 2000
    """Number of scenes that are drawn for the source scenes; each gives three pictures."""
    without: tuple[str, ...] = ()
    """Label sets, each as "red cube, blue sphere", of which iclevr and scenes give no picture."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network that denoises."""

    kind: Literal["unet", "dit", "naive-unet"] = "unet"
    """A U-Net with residual blocks and attention, a diffusion Transformer, or the small plain U-Net of minDiffusion."""
    width: int = 16
    """Channels of the U-Net's first layer; of the Transformer, its width."""
    multipliers: tuple[int, ...] = (1, 2, 4, 8)
    """Channels of each level of the U-Net, in units of `width`; each level halves the size."""
    blocks: int = 2
    """Residual blocks of each level; of the Transformer, its blocks."""
    attention: tuple[int, ...] = (8,)
    """Sizes, in pixels, at which the U-Net attends; 0 is none but the middle."""
    heads: int = 4
    """Heads of each attention; in a U-Net of the middle one, and the others' are as wide where that divides."""
    scale_shift: bool = True
    """The time scales and shifts the normalised features, instead of being added to them."""
    resample: Literal["convolution", "residual"] = "convolution"
    """Sizes change by a convolution, or inside a residual block."""
    dropout: float = 0.0
    """Share of features that is hidden in training."""
    patch: int = 2
    """Pixels of each side of the Transformer's patches."""
    activation: Literal["gelu", "silu"] = "gelu"
    """Of the Transformer; with silu a step of training on a CPU is a seventh shorter."""
    modulation: Literal["own", "shared"] = "own"
    """Of the Transformer's norms, by a layer of each block, or by one for all with an offset in each."""
    conditioning: Literal["none", "class", "labels", "tokens"] = "none"
    """What the network is told: the class, the sum of its labels, or also each label as a token to attend to."""
    details: str = ""
    """Architecture of an imported network as JSON, which then takes the place of the sizes above."""


@dataclass(frozen=True, kw_only=True)
class Latent:
    """Diffusion in the latent space of an autoencoder."""

    autoencoder: str = ""
    """Run of a `kl-autoencoder`; empty diffuses the pixels."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How new pictures are drawn."""

    sampler: str = "ddpm"
    """Name of the sampler; `genloom list samplers` shows all."""
    steps: int = 0
    """Steps from noise to data; 0 takes every entry of the schedule's table."""
    spacing: Literal["uniform", "quadratic", "karras", "log-snr"] = "uniform"
    """Where the steps lie."""
    eta: float = 0.0
    """Noise of ddim: 0 none, 1 as DDPM."""
    guidance: float = 1.0
    """Scale of classifier-free guidance; 1 is plain conditional sampling."""
    guidance_low: float = 0.0
    """Lowest σ/α at which the guidance applies."""
    guidance_high: float = 1e6
    """Highest σ/α at which the guidance applies."""
    clip: bool = True
    """Clamp x̂0 to [−1, 1] and derive ε̂ from it anew."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a model is judged."""

    samples: int = 256
    """Pictures that are drawn for the Fréchet distance and its companions."""
    seeds: int = 1
    """Number of sampling seeds."""
    features: Literal["auto", "inception", "digits", "random", "pixels"] = "auto"
    """What the Fréchet distance is taken in; auto is digits for digits and random convolutions otherwise."""
    weights: str = ""
    """File of Inception weights; without it they are fetched."""
    track: bool = True
    """Judge by the Fréchet distance at every `engine.evaluate_every`; otherwise by the loss on kept-back pictures."""
    judge: str = ""
    """Evaluator that says which labels pictures show: a name, run or file; empty: evaluator-iclevr-b for i-CLEVR."""
    label_seeds: int = 3
    """Pictures that are drawn for each label set of the lists test and new_test."""


@dataclass(frozen=True, kw_only=True)
class ImagesRecipe:
    """A diffusion model of pictures."""

    builder: ClassVar[str] = "genloom.recipes.build_images:ImagesExperiment"

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=Data)
    network: Network = field(default_factory=Network)
    latent: Latent = field(default_factory=Latent)
    schedule: Schedule = field(default_factory=lambda: Schedule(kind="cosine"))
    diffusion: Diffusion = field(default_factory=lambda: Diffusion(times="table", weight="simple", time_input="index"))
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(lr=1e-3))
    engine: Engine = field(default_factory=lambda: Engine(steps=1000, batch_size=32, precision="auto"))
    sampling: Sampling = field(default_factory=Sampling)
    evaluation: Evaluation = field(default_factory=Evaluation)


_VELOCITY = Diffusion(prediction="velocity", times="table", time_input="index", weight="simple")
"""Where hardly any signal is left, an error of ε̂ is one of x̂0 that is 1/α times as large; one of v is not."""


def ddpm_cats(tier: Tier = "laptop") -> ImagesRecipe:
    """S3: cats at 32 × 32, T = 50 on the cosine schedule, L1 on the noise, a U-Net of width 16."""
    recipe = ImagesRecipe(
        name="ddpm-cats",
        summary="cats at 32 × 32, DDPM with 50 steps of the cosine schedule (S3.16–S3.24)",
        data=Data(source="cats64"),
        schedule=Schedule(kind="cosine", steps=50),
        diffusion=Diffusion(times="table", weight="simple", distance="l1", time_input="index"),
        engine=Engine(steps=1000, batch_size=32, ema=0.995, evaluate_every=100, precision="auto"),
    )
    if tier == "gpu":
        return replace(recipe, engine=replace(recipe.engine, steps=10_000, evaluate_every=1000))
    return recipe


def ddpm_images(tier: Tier = "laptop") -> ImagesRecipe:
    """Any folder of pictures, with a schedule of 1000 entries and a fast sampler; drawn shapes without a folder."""
    recipe = ImagesRecipe(
        name="ddpm-images",
        summary="any folder of pictures, DDPM with 1000 steps, sampled in 20",
        schedule=Schedule(kind="cosine", steps=1000),
        network=Network(width=32, multipliers=(1, 2, 2, 4)),
        diffusion=_VELOCITY,
        optimizer=Optimizer(lr=1e-3, schedule="cosine", warmup=100),
        engine=Engine(steps=2000, batch_size=32, ema=0.995, precision="auto"),
        sampling=Sampling(sampler="dpmpp-2m", steps=20),
    )
    if tier == "gpu":
        return replace(recipe, data=replace(recipe.data, size=64), network=replace(recipe.network, width=128),
                       engine=replace(recipe.engine, steps=100_000, batch_size=128, ema=0.9999))
    return recipe


def ddpm_digits(tier: Tier = "laptop") -> ImagesRecipe:
    """Digits with their classes, for the sampler and guidance studies: one checkpoint, many samplers."""
    recipe = ImagesRecipe(
        name="ddpm-digits",
        summary="MNIST digits with their classes, 1000 steps, for samplers and guidance (S0.21–S0.28)",
        data=Data(source="mnist", size=32, channels=1, zoom=1.0, flip=False),
        network=Network(width=24, multipliers=(1, 2, 2), blocks=1, conditioning="class"),
        schedule=Schedule(kind="cosine", steps=1000),
        diffusion=_VELOCITY,
        optimizer=Optimizer(lr=2e-3, schedule="cosine", warmup=100),
        engine=Engine(steps=2000, batch_size=64, ema=0.995, precision="auto"),
        sampling=Sampling(sampler="dpmpp-2m", steps=20),
        evaluation=Evaluation(samples=512),
    )
    if tier == "gpu":
        return replace(recipe, network=replace(recipe.network, width=64, blocks=2),
                       engine=replace(recipe.engine, steps=50_000, batch_size=256, ema=0.9995))
    return recipe


def ddpm_iclevr(tier: Tier = "laptop") -> ImagesRecipe:
    """S1: i-CLEVR's scenes at 64 × 64 from sets of objects, each object a token beside 64 patches of 8 × 8 pixels.

    The network answers with x0, which lies near few dimensions, where ε and v fill all 192 of a patch; the weight is
    that of v. [Li & He 2025] Times are drawn where the picture is decided, about σ = α. Muon needs a third fewer steps
    than Adam for the same loss.
    """
    recipe = ImagesRecipe(
        name="ddpm-iclevr",
        summary="i-CLEVR's scenes from sets of objects, a Transformer with a token for each object (S1.6–S1.18)",
        data=Data(source="iclevr", size=64, zoom=1.0, flip=False, holdout=0.05),
        network=Network(kind="dit", width=256, blocks=8, heads=4, patch=8, activation="silu", modulation="shared",
                        conditioning="tokens"),
        schedule=Schedule(kind="cosine", steps=1000),
        diffusion=Diffusion(prediction="data", weight="velocity", gamma=400.0, times="lognormal", times_mean=0.0,
                            times_std=1.0, time_input="index"),
        optimizer=Optimizer(name="muon", lr=3e-3, schedule="cosine", warmup=100),
        engine=Engine(steps=8000, batch_size=64, ema=0.999, clip=1.0, precision="auto"),
        sampling=Sampling(sampler="ddpm", steps=50, spacing="log-snr", guidance=3.0),
        evaluation=Evaluation(samples=512),
    )
    if tier == "gpu":
        wide = replace(recipe.network, width=512, blocks=12, heads=8, patch=4, modulation="own")
        return replace(recipe, network=wide, engine=replace(recipe.engine, steps=60_000, batch_size=256, ema=0.9999))
    return recipe
