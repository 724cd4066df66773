"""A run as a folder that diffusers opens, with a model card."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from torch import nn

from genloom.errors import InputError
from genloom.nn.unet import UNet
from genloom.recipes import serial
from genloom.recipes.images import ImagesRecipe
from genloom.recipes.images_parts import make_network
from genloom.recipes.interop import diffusers_folder, diffusers_scheduler
from genloom.recipes.interop.card import card
from genloom.recipes.interop.imported import nothing_left
from genloom.recipes.process_parts import make_schedule
from genloom.report.results import write_atomically
from genloom.training.checkpoint import Checkpoints, Loaded, Which, load_networks
from genloom.training.run import RunFolder

CARD = "README.md"
"""The file of the model card."""

_CLASSES = "denoiser/label_embedding.table.weight"


class Exported(NamedTuple):
    """A folder that was written, and the weights that are in it."""

    folder: Path
    loaded: Loaded


def export_run(run: RunFolder, out: Path, step: Which | None = None, name: str = "") -> Exported:
    """Write the averaged weights of a run, or the bare ones where it has none, for diffusers; needs no data.

    step   a saved step, "best" or "last"; None is the best where there is one, else the last
    name   by which the card's reader will find the model, where it is not the folder

    Errors: `InputError` for a model that diffusers' `UNet2DModel` and `DDPMScheduler` cannot be; `CheckpointError`.
    Then nothing is left at `out`.
    """
    recipe = serial.from_yaml(run.recipe_yaml)
    if not isinstance(recipe, ImagesRecipe) or recipe.network.kind != "unet" or recipe.latent.autoencoder:
        raise InputError("RUN", str(run.path), "a U-Net that diffuses pictures",
                         "other models have no counterpart in diffusers that is the same function")
    process, large = make_schedule(recipe.schedule), recipe.sampling.sampler == "ddpm-large"
    scheduler = diffusers_scheduler.write(process, recipe.diffusion, clip=recipe.sampling.clip, large=large)
    store = Checkpoints(run.checkpoints)
    wanted = step if step is not None else "last" if store.best() is None else "best"
    network = _network(recipe, store, wanted)
    loaded = load_networks(run.path, {"denoiser": network}, step=wanted)
    assert isinstance(network, UNet)
    with nothing_left(out):
        out.mkdir(parents=True, exist_ok=True)
        public = _public(recipe)
        diffusers_folder.write(out, network, scheduler, public)
        write_atomically(out / CARD, card(public, network, run, loaded, name or out.name).encode())
    return Exported(out, loaded)


def _network(recipe: ImagesRecipe, store: Checkpoints, step: Which) -> nn.Module:
    """The run's network; how many classes it has is read off its weights, since the data may not be at hand."""
    table = store.load(store.resolve(step)).tensors.get("networks", {}).get(_CLASSES)
    return make_network(recipe.network, size=recipe.data.size, channels=recipe.data.channels,
                        classes=0 if table is None else len(table) - 1, seed=0)


def _public(recipe: ImagesRecipe) -> ImagesRecipe:
    """The recipe without the paths of the machine that it ran on."""
    data = replace(recipe.data, folder=Path(recipe.data.folder).name if recipe.data.folder else "")
    return replace(recipe, data=data, evaluation=replace(recipe.evaluation, weights=""))
