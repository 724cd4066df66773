"""What the items of the study share: the recipe, its two runs, and the text's own formulas as a second opinion."""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images import ImagesRecipe
from genloom.recipes.images_parts import floats
from genloom.recipes.registry import recipe
from genloom.studies import at_hand
from genloom.studies.context import Context, Trained

T = 50
"""Steps of the process in the figures."""

LONG = 10_000
"""Training steps of the longer run."""


class Cats(NamedTuple):
    """A finished run with its experiment."""

    trained: Trained
    experiment: ImagesExperiment

    @property
    def recipe(self) -> ImagesRecipe:
        """The recipe of the run."""
        return self.experiment.recipe

    def batch(self, count: int) -> Tensor:
        """The first training pictures as the network sees them, (count, 3, 32, 32)."""
        return floats(self.experiment.data, self.recipe.data.size, count)


def cats_recipe(context: Context) -> ImagesRecipe:
    """S3.20's setting: T = 50, 32 × 32, batches of 32, learning rate 1e-3, width 16, 1,000 steps.

    The Fréchet distance is S3.21's FID where the weights of its network are at hand.
    """
    chosen: ImagesRecipe = recipe("ddpm-cats")
    data = at_hand.cats(context.data_root, chosen.data.size).data
    judged = chosen.evaluation
    if judged.features == "auto":
        judged = replace(judged, features=at_hand.features(context.data_root))
    return replace(chosen, data=data, engine=replace(chosen.engine, seed=context.seed), evaluation=judged)


def first_thousand(context: Context) -> Cats:
    """The run of 1,000 steps, with the Fréchet distance at every hundredth."""
    return _cats(context, cats_recipe(context), "cats-1000")


def ten_thousand(context: Context) -> Cats:
    """The run of 10,000 steps."""
    chosen = cats_recipe(context)
    longer = replace(chosen, engine=replace(chosen.engine, steps=LONG, evaluate_every=0, log_every=50))
    return _cats(context, longer, "cats-10000")


def _cats(context: Context, chosen: ImagesRecipe, name: str) -> Cats:
    trained = context.run(chosen, name)
    assert isinstance(trained.experiment, ImagesExperiment)
    return Cats(trained, trained.experiment)


class Tables(NamedTuple):
    """The text's schedule, entry t − 1 for step t = 1 … T: α_t clipped to [0.001, 1], and ᾱ_t as their product."""

    alpha: Tensor
    alpha_bar: Tensor


def tables(steps: int, s: float = 0.008) -> Tables:
    """The cosine schedule as the text writes it, float64. [Nichol & Dhariwal 2021, Eq. 17]

    f(t) = cos²((t/T + s)/(1 + s) · π/2),  ᾱ_t = f(t)/f(0),  α_t = clip(ᾱ_t/ᾱ_{t−1}, 0.001, 1), then ᾱ_t = ∏ α_i
    """
    t = torch.arange(steps + 1, dtype=torch.float64)
    f = ((t / steps + s) / (1 + s) * torch.pi / 2).cos().square()
    alpha = (f[1:] / f[:-1]).clamp(0.001, 1)
    return Tables(alpha, alpha.cumprod(0))


def extract(table: Tensor, t: Tensor, like: Tensor) -> Tensor:
    """The table's entries for steps t (B,), shaped so that they multiply `like` (B, …)."""
    return table[t - 1].view(-1, *[1] * (like.ndim - 1)).to(like)
