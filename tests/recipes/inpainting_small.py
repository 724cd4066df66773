"""An inpainting experiment that trains and judges in a moment."""

from dataclasses import replace

from genloom.recipes.build_inpainting import InpaintingExperiment
from genloom.recipes.images import Data
from genloom.recipes.inpainting import InpaintingRecipe, inpaint_gan, inpaint_mse


def small(weight: float = 0.0) -> InpaintingRecipe:
    """The recipe on drawn shapes of 16 × 16."""
    base = inpaint_gan() if weight else inpaint_mse()
    return replace(base, data=Data(source="shapes", size=16), loss=replace(base.loss, weight=weight),
                   network=replace(base.network, width=8, multipliers=(1, 2)),
                   discriminator=replace(base.discriminator, width=4, layers=1),
                   engine=replace(base.engine, steps=3, batch_size=8, threads=1, tensorboard=False, log_every=1,
                                  precision="32"),
                   evaluation=replace(base.evaluation, samples=12, features="pixels"))


def built(weight: float = 0.0) -> InpaintingExperiment:
    """The experiment of it, in eval mode."""
    found = InpaintingExperiment(small(weight))
    for network in found.networks.values():
        network.eval()
    return found
