"""What the items share: the pictures, the two models, the guide and the judge, and what they drew."""

from dataclasses import replace
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from genloom.data.images.course import CONDITIONS, conditions
from genloom.data.images.imageset import ImageSet
from genloom.data.images.labelsets import multi_hot
from genloom.recipes.autoencoder import AutoencoderRecipe
from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.evaluator import EvaluatorRecipe
from genloom.recipes.gans import GanRecipe
from genloom.recipes.images import ImagesRecipe, Sampling
from genloom.recipes.images_parts import Pictures, make_data
from genloom.recipes.label_lists import Drawn, drawn_lists
from genloom.recipes.registry import recipe
from genloom.recipes.trained_evaluator import Evaluator, load_evaluator
from genloom.studies import at_hand
from genloom.studies.context import Context, Trained
from genloom.studies.iclevr.sizes import SIZES, Sizes

LISTS = CONDITIONS
"""The course's two lists of label sets: test and new_test."""

DDPM, GAN, AUTOENCODER = "ddpm-iclevr", "gan-iclevr", "kl-autoencoder"
"""The recipes, which name their runs."""
GUIDE, JUDGE = "evaluator-iclevr-a", "evaluator-iclevr-b"
"""The evaluator that may guide, and the one that judges: equal but for their seeds."""


class Diffusion(NamedTuple):
    """A finished diffusion model that is told label sets."""

    trained: Trained
    experiment: ImagesExperiment

    @property
    def name(self) -> str:
        """The folder of the run."""
        return self.trained.name

    @property
    def said(self) -> str:
        """What it is, for tables and figures."""
        return "DDPM"

    @property
    def recipe(self) -> ImagesRecipe:
        """The recipe of the run."""
        return self.experiment.recipe

    @property
    def parameters(self) -> int:
        """Of the network that draws."""
        return sum(p.numel() for p in self.trained.networks["denoiser"].parameters())

    def draw(self, sets: Tensor, seed: int, sampling: Sampling | None = None) -> Tensor:
        """One picture for each label set (N, K): bytes (N, 3, S, S)."""
        return self.experiment.draw(self.trained.networks, sampling, count=len(sets), seed=seed, labels=sets)


class Adversary(NamedTuple):
    """A finished GAN that is told label sets; one that comes with genloom has no discriminator."""

    trained: Trained
    experiment: GanExperiment

    @property
    def name(self) -> str:
        """The folder of the run."""
        return self.trained.name

    @property
    def said(self) -> str:
        """What it is, for tables and figures."""
        return "GAN"

    @property
    def recipe(self) -> GanRecipe:
        """The recipe of the run."""
        return self.experiment.recipe

    @property
    def parameters(self) -> int:
        """Of the network that draws."""
        return sum(p.numel() for p in self.trained.networks["generator"].parameters())

    def draw(self, sets: Tensor, seed: int) -> Tensor:
        """One picture for each label set (N, K): bytes (N, 3, S, S)."""
        return self.experiment.draw(self.trained.networks, count=len(sets), seed=seed, labels=sets)


Model = Diffusion | Adversary

R = TypeVar("R", ImagesRecipe, GanRecipe, EvaluatorRecipe, AutoencoderRecipe)


def sizes(context: Context) -> Sizes:
    """Those of the tier."""
    return SIZES[context.tier]


def here(context: Context, chosen: R, seed: int) -> R:
    """The recipe on the pictures at hand, with this seed of the training."""
    known = at_hand.iclevr(context.data_root, chosen.data.size).data
    # whatever else a recipe says of its pictures, such as mirroring them, is part of it
    data = replace(chosen.data, source=known.source, scenes=known.scenes)
    return replace(chosen, data=data, engine=replace(chosen.engine, seed=seed))


def ddpm_recipe(context: Context) -> ImagesRecipe:
    """`ddpm-iclevr` on the pictures at hand."""
    chosen: ImagesRecipe = recipe(DDPM, context.tier)
    return here(context, chosen, context.seed)


def gan_recipe(context: Context) -> GanRecipe:
    """`gan-iclevr` on the pictures at hand; an evaluator that reads its pictures is the guide of these."""
    chosen: GanRecipe = recipe(GAN, context.tier)
    found = here(context, chosen, context.seed)
    if not found.loss.evaluator or found.data.source == "iclevr":
        return found
    return replace(found, loss=replace(found.loss, evaluator=guide(context).place))


def autoencoder_recipe(context: Context) -> AutoencoderRecipe:
    """`kl-autoencoder` on the pictures at hand, for a small budget."""
    chosen: AutoencoderRecipe = recipe(AUTOENCODER, context.tier)
    chosen = replace(chosen, data=replace(chosen.data, size=ddpm_recipe(context).data.size, zoom=1.0))
    steps = max(1, sizes(context).autoencoder // chosen.engine.batch_size)
    engine = replace(chosen.engine, steps=steps, keep=1, save_every=0, evaluate_every=0, sample_every=0)
    warmup = min(chosen.optimizer.warmup, steps // 10)
    return here(context, replace(chosen, engine=engine, optimizer=replace(chosen.optimizer, warmup=warmup)),
                context.seed)


def ddpm(context: Context) -> Diffusion:
    """The conditional DDPM."""
    return diffusion(context.shipped(ddpm_recipe(context), DDPM))


def gan(context: Context) -> Adversary:
    """The conditional GAN."""
    return adversary(context.shipped(gan_recipe(context), GAN))


def models(context: Context) -> tuple[Adversary, Diffusion]:
    """Both, in the order of the text."""
    return gan(context), ddpm(context)


def diffusion(trained: Trained) -> Diffusion:
    """A finished run as a diffusion model on the fastest device."""
    assert isinstance(trained.experiment, ImagesExperiment)
    trained.networks["denoiser"].to(_device()).requires_grad_(False)
    return Diffusion(trained, trained.experiment)


def adversary(trained: Trained) -> Adversary:
    """A finished run as a GAN on the fastest device."""
    assert isinstance(trained.experiment, GanExperiment)
    for network in trained.networks.values():
        network.to(_device()).requires_grad_(False)
    return Adversary(trained, trained.experiment)


def guide(context: Context) -> Evaluator:
    """The evaluator that may guide."""
    return context.once(GUIDE, lambda: _evaluator(context, GUIDE, context.seed))


def judge(context: Context) -> Evaluator:
    """The evaluator that judges, and guides nothing."""
    return context.once(JUDGE, lambda: _evaluator(context, JUDGE, context.seed + 1))


def _evaluator(context: Context, name: str, seed: int) -> Evaluator:
    chosen: EvaluatorRecipe = recipe("evaluator-iclevr", context.tier)
    found = load_evaluator(context.shipped(here(context, chosen, seed), name).path)
    found.network.to(_device())
    return found


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def pictures(context: Context) -> Pictures:
    """The pictures at hand as they are: those that models learn from, and those that no model sees.

    What a recipe keeps back is a part of what one that keeps more does, so that no evaluator sees these either.
    """
    return context.once("pictures", lambda: _split(context, min(recipe(name, context.tier).data.holdout
                                                                for name in (DDPM, GAN))))


def unread(context: Context) -> ImageSet:
    """All pictures that no evaluator has learned from; models may have learned from some of them."""
    def work() -> ImageSet:
        return _split(context, recipe("evaluator-iclevr", context.tier).data.holdout).kept

    return context.once("unread", work)


def _split(context: Context, holdout: float) -> Pictures:
    data = at_hand.iclevr(context.data_root, recipe(DDPM, context.tier).data.size).data
    return make_data(replace(data, holdout=holdout), context.data_root)


def names(context: Context) -> tuple[str, ...]:
    """The 24 objects in their order."""
    return pictures(context).train.class_names


def asked(context: Context, listed: str) -> tuple[tuple[str, ...], ...]:
    """The label sets of a list, in words."""
    source = at_hand.iclevr(context.data_root).data.source
    return conditions(listed, source=source, data_root=context.data_root)


def sets_of(context: Context, listed: str) -> Tensor:
    """The same as (32, 24) of zeros and ones."""
    return multi_hot(asked(context, listed), names(context))


def both_lists(context: Context) -> Tensor:
    """The label sets of both lists, (64, 24)."""
    return torch.cat([sets_of(context, listed) for listed in LISTS])


def seeds(context: Context) -> range:
    """The sampling seeds of the accuracies that are reported."""
    return range(context.seed, context.seed + sizes(context).seeds)


def drawn(context: Context, model: Model) -> Drawn:
    """A model's pictures for both lists with every seed, drawn once."""
    def work() -> Drawn:
        context.screen.say(f"drawing both lists: {model.said}")
        return drawn_lists(model.experiment, model.trained.networks, tuple(seeds(context)))

    return context.once(("drawn", model.name), work)


def labels_of(pictures: ImageSet) -> Tensor:
    """The label sets of pictures, (N, 24)."""
    assert pictures.labels is not None
    return pictures.labels
