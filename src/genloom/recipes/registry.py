"""The named recipes and studies; free of torch, so that listings and mistakes answer at once."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from genloom.errors import UnknownName

TIERS = ("laptop", "gpu")
"""laptop ends on two CPU cores in minutes; gpu is the source text's full setting."""

FAMILIES: dict[str, str] = {
    "points": "genloom.recipes.points:PointsRecipe",
    "gan-points": "genloom.recipes.gan_points:GanPointsRecipe",
    "images": "genloom.recipes.images:ImagesRecipe",
    "classifier": "genloom.recipes.classifiers:ClassifierRecipe",
    "evaluator": "genloom.recipes.evaluator:EvaluatorRecipe",
    "autoencoder": "genloom.recipes.autoencoder:AutoencoderRecipe",
    "inpainting": "genloom.recipes.inpainting:InpaintingRecipe",
    "gan": "genloom.recipes.gans:GanRecipe",
    "forecaster": "genloom.recipes.forecaster:ForecasterRecipe",
    "gpt": "genloom.recipes.gpt:GptRecipe",
}
"""The recipe classes by the name that `recipe.yaml` gives them, as "module:class"."""


@dataclass(frozen=True)
class Entry:
    """A named recipe: its function as "module:function", which takes a tier, and what it is in one line.

    options   of a study with flags of its own: the dataclass that declares them, as "module:class", free of torch
    """

    function: str
    summary: str
    options: str = ""


RECIPES: dict[str, Entry] = {
    "ve-square": Entry("genloom.recipes.points:ve_square",
                       "points in a square, variance-exploding diffusion (S2.1–S2.12)"),
    "ve-square-classes": Entry("genloom.recipes.points:ve_square_classes",
                               "the square in five labelled regions, conditional diffusion (S2.13–S2.20)"),
    "score-letters": Entry("genloom.recipes.points:score_letters",
                           "letters as points, denoising score matching and annealed Langevin dynamics (S4.19–S4.24)"),
    "gan-grid": Entry("genloom.recipes.gan_points:gan_grid",
                      "25 Gaussians on a lattice, non-saturating loss with R1"),
    "gan-ring": Entry("genloom.recipes.gan_points:gan_ring", "8 Gaussians on a circle, non-saturating loss with R1"),
    "ddpm-cats": Entry("genloom.recipes.images:ddpm_cats",
                       "cats at 32 × 32, DDPM with 50 steps of the cosine schedule (S3.16–S3.24)"),
    "ddpm-images": Entry("genloom.recipes.images:ddpm_images",
                         "any folder of pictures, DDPM with 1000 steps, sampled in 20"),
    "ddpm-digits": Entry("genloom.recipes.images:ddpm_digits",
                         "MNIST digits with their classes, 1000 steps, for samplers and guidance (S0.21–S0.28)"),
    "kl-autoencoder": Entry("genloom.recipes.autoencoder:kl_autoencoder",
                            "pictures as a quarter of their size and back, for diffusion in the latent space"),
    "digit-classifier": Entry("genloom.recipes.classifiers:digit_classifier",
                              "a classifier of clean MNIST digits, for guidance through x̂0 and as a judge"),
    "digit-classifier-noisy": Entry(
        "genloom.recipes.classifiers:digit_classifier_noisy",
        "a classifier of noised MNIST digits that is told the time, for classifier guidance"),
    "ddpm-iclevr": Entry(
        "genloom.recipes.images:ddpm_iclevr",
        "i-CLEVR's scenes from sets of objects, a Transformer with a token for each object (S1.6–S1.18)"),
    "gan-iclevr": Entry(
        "genloom.recipes.gans:gan_iclevr",
        "i-CLEVR's scenes from sets of objects, a GAN that an evaluator reads (S1.3–S1.5, S1.15–S1.16)"),
    "evaluator-iclevr": Entry(
        "genloom.recipes.evaluator:evaluator_iclevr",
        "a ResNet-18 that names the objects of i-CLEVR's pictures, as a judge or a guide (S1.9, S1.15–S1.18)"),
    "inpaint-mse": Entry("genloom.recipes.inpainting:inpaint_mse",
                         "pictures completed by a U-Net, squared error alone (S3.6)"),
    "inpaint-gan": Entry("genloom.recipes.inpainting:inpaint_gan",
                         "pictures completed by a U-Net, squared error and a discriminator (S3.7)"),
    "vanilla-gan": Entry("genloom.recipes.gans:vanilla_gan",
                         "MNIST by fully connected networks, non-saturating loss (S0.12–S0.14)"),
    "ls-gan": Entry("genloom.recipes.gans:ls_gan", "the same networks, least-squares loss (S0.15–S0.16)"),
    "dcgan-mnist": Entry("genloom.recipes.gans:dcgan_mnist",
                         "MNIST by the course's convolutional pair (S0.17–S0.18)"),
    "tiny-gan": Entry("genloom.recipes.gans:tiny_gan",
                      "MNIST by the pair of S4's Tables 1 and 2: 593 parameters against 107,777 (S4.13–S4.18)"),
    "r3gan": Entry(
        "genloom.recipes.gans:r3gan",
        "any folder of pictures by residual networks, relativistic loss with R1 and R2: the one to begin with"),
    "sngan": Entry("genloom.recipes.gans:sngan",
                   "any folder of pictures by residual networks with spectral normalisation, hinge loss"),
    "sagan": Entry("genloom.recipes.gans:sagan",
                   "the same with self-attention, and spectral normalisation in both"),
    "progressive-gan": Entry(
        "genloom.recipes.gans:progressive_gan",
        "any folder of pictures by networks that grow from 4 × 4 pixels while they train, WGAN-GP"),
    "info-gan": Entry("genloom.recipes.gans:info_gan",
                      "MNIST with codes that are made visible: ten categories and two values (InfoGAN)"),
    "forecaster": Entry("genloom.recipes.forecaster:forecaster",
                        "any CSV or Parquet file with times: quantiles 48 rows ahead, from ridge regression on"),
    "transformer-etth1": Entry("genloom.recipes.forecaster:transformer_etth1",
                               "the standard encoder–decoder Transformer on ETTh1, 96 → 720 (S0.1–S0.8)"),
    "transformer-etth1-performer": Entry(
        "genloom.recipes.forecaster:transformer_etth1_performer",
        "the same Transformer with random positive features (Performer, S0.9–S0.11)"),
    "transformer-etth1-sparse": Entry("genloom.recipes.forecaster:transformer_etth1_sparse",
                                      "the same Transformer with strided sparse attention (S0.9–S0.11)"),
    "patchtst-etth1": Entry("genloom.recipes.forecaster:patchtst_etth1",
                            "PatchTST on ETTh1, 336 → 720: patches of each channel by itself, instance norm"),
    "itransformer-etth1": Entry("genloom.recipes.forecaster:itransformer_etth1",
                                "iTransformer on ETTh1, 96 → 720: whole channels as tokens, instance norm"),
    "dlinear-etth1": Entry("genloom.recipes.forecaster:dlinear_etth1",
                           "DLinear on ETTh1, 336 → 720: one linear map of the trend, one of the rest"),
    "periodic-etth1": Entry(
        "genloom.recipes.forecaster:periodic_etth1",
        "from day to day on ETTh1, 96 → 720: daily profile, ridge across days, mean of the last days, in seconds"),
    "cyclenet-etth1": Entry(
        "genloom.recipes.forecaster:cyclenet_etth1",
        "CycleNet on ETTh1, 96 → 720: a learned day and one linear map, absolute error, in seconds"),
    "gpt": Entry("genloom.recipes.gpt:gpt", "a language model of 2.9 M numbers on any text, GPT-2's network"),
    "gpt-nano": Entry("genloom.recipes.gpt:gpt_nano",
                      "a language model of 0.2 M numbers, trained in a minute or two"),
    "gpt-alice": Entry("genloom.recipes.gpt:gpt_alice",
                       "Alice's Adventures in Wonderland by a language model of 2.9 M numbers (S2.22–S2.29)"),
    "gpt2": Entry("genloom.recipes.gpt:gpt2",
                  "GPT-2's 124 M numbers and its 50,257 tokens; 20 steps on a laptop, training on a GPU"),
}

STUDIES: dict[str, Entry] = {
    "square": Entry("genloom.studies.square:STUDY", "S2.1–S2.21: diffusion on a square, beside its exact answers"),
    "letters": Entry("genloom.studies.letters:STUDY", "S4.19–S4.24 and S4.8: score matching and Langevin on letters"),
    "inpainting": Entry("genloom.studies.inpainting:STUDY",
                        "S3.6–S3.8: pictures completed by a mean, by a game and by sampling"),
    "gan-theory": Entry("genloom.studies.gan_theory:STUDY",
                        "S4.1–S4.3: the best discriminator, what it measures, vanishing gradients; dropped modes"),
    "mnist-gans": Entry("genloom.studies.mnist_gans:STUDY",
                        "S0.12–S0.18 and S4.13–S4.18: GANs on digits, and every loss on one budget"),
    "iclevr": Entry("genloom.studies.iclevr:STUDY",
                    "S1.1–S1.23: a conditional GAN and a conditional DDPM on i-CLEVR, judged by labels"),
    "forecasting": Entry("genloom.studies.forecasting:STUDY",
                         "S0.1–S0.11: the Transformer on ETTh1, kinds of attention, masks, and the baselines to face"),
    "written": Entry("genloom.studies.written:STUDY",
                     "S0.5–S0.6, S0.19–S0.20, S3.1–S3.15, S4.1–S4.12: what is asked on paper, proved and checked"),
    "text-to-image": Entry("genloom.studies.text_to_image:STUDY",
                           "S0.29–S0.30: prompts on which text-to-image models fail, and the same failures measured",
                           options="genloom.studies.text_to_image.options:SheetOptions"),
    "cats": Entry("genloom.studies.cats:STUDY", "S3.16–S3.24: DDPM on cats, beside closed forms and floors"),
    "guided-sampling": Entry("genloom.studies.guided_sampling:STUDY",
                             "S0.21–S0.28: samplers, step counts and guidance on one model of digits, scored"),
    "alice": Entry("genloom.studies.alice:STUDY",
                   "S2.22–S2.29: a language model of one book, trained, inverted, looked into and scored",
                   options="genloom.studies.alice.options:Options"),
}


def recipe(name: str, tier: str = "laptop") -> Any:
    """The recipe of this name at this tier, a frozen dataclass.

    >>> recipe("ve-square").engine.steps
    3000

    Errors: `UnknownName` for a name or a tier that is not there, with the nearest one that is.
    """
    if name not in RECIPES:
        raise UnknownName("recipe", name, list(RECIPES))
    if tier not in TIERS:
        raise UnknownName("tier", tier, TIERS)
    return resolve(RECIPES[name].function)(tier)


def family(kind: str) -> type:
    """The recipe class of a family.

    Errors: `UnknownName` for a family that is not there.
    """
    if kind not in FAMILIES:
        raise UnknownName("family", kind, list(FAMILIES))
    found: type = resolve(FAMILIES[kind])
    return found


def family_of(recipe: Any) -> str:
    """The name of the family that a recipe belongs to.

    Errors: `UnknownName` where its class is not registered.
    """
    target = f"{type(recipe).__module__}:{type(recipe).__qualname__}"
    names = {place: kind for kind, place in FAMILIES.items()}
    if target not in names:
        raise UnknownName("recipe class", target, list(names))
    return names[target]


def draws(recipe: Any) -> bool:
    """Whether models of this recipe draw samples; a family whose models do not has `draws = False` in its class."""
    return bool(getattr(type(recipe), "draws", True))


def resolve(place: str) -> Any:
    """The object at "module:name"."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
