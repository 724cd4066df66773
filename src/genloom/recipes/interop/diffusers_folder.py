"""diffusers' folders: a `UNet2DModel` with its scheduler, as a pipeline or side by side. Needs no diffusers."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor

from genloom.errors import DataError, InputError, InputErrors
from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape
from genloom.recipes import serial
from genloom.recipes.images import ImagesRecipe
from genloom.recipes.interop import diffusers_scheduler, diffusers_unet
from genloom.recipes.interop.imported import Asked, Imported, check, recipe_of
from genloom.recipes.interop.weights import read_tensors
from genloom.report.results import read_json

RECIPE = "recipe.yaml"
"""Our own recipe, which `write` puts beside diffusers' files."""

_CONFIGS = ("unet/config.json", "config.json")
_SCHEDULERS = ("scheduler/scheduler_config.json", "scheduler_config.json")
_WEIGHTS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors",
            "diffusion_pytorch_model.bin")
_VERSION = "0.31.0"  # the lowest one whose classes know all that is written
_LIMIT = 1 << 22


def files_wanted(names: list[str]) -> list[str]:
    """Of the files of a repository, those that `read` looks at: the first of each kind.

    Errors: `DataError` where it is no such folder.
    """
    there = set(names)
    config = next((name for name in _CONFIGS if name in there), None)
    scheduler = next((name for name in _SCHEDULERS if name in there), None)
    folder = "" if config is None else config.removesuffix("config.json")
    weights = next((folder + name for name in _WEIGHTS if folder + name in there), None)
    if config is None or scheduler is None or weights is None:
        raise DataError("it holds no UNet2DModel of diffusers: config.json, scheduler_config.json and "
                        "diffusion_pytorch_model.safetensors are looked for")
    return [config, scheduler, weights, *([RECIPE] if RECIPE in there else [])]


def read(folder: Path, name: str, asked: Asked) -> Imported:
    """The model of a folder; `name` is what a person calls it.

    Errors: `DataError` where a file is missing or malformed; `InputError` for a model that ours cannot be;
    `CheckpointError` for weights that do not fit.
    """
    present = [str(path.relative_to(folder)) for path in (*folder.glob("*"), *folder.glob("*/*")) if path.is_file()]
    try:
        config_path, scheduler_path, weights_path, *_ = files_wanted(present)
    except DataError as error:
        raise DataError(f"{folder}: {error}") from None
    config = _config(folder / config_path)
    if config.get("_class_name", diffusers_unet.CLASS) != diffusers_unet.CLASS:
        raise InputError("_class_name", config["_class_name"], f"{diffusers_unet.CLASS}, which alone can be imported")
    own = _own(folder / RECIPE)
    null_class = asked.null_class or (own is not None and own.network.conditioning == "class")
    shape = diffusers_unet.shape_of(config, null_class=null_class)
    noising = diffusers_scheduler.read(_config(folder / scheduler_path))
    weights, notes = read_tensors(folder / weights_path), []
    if shape.out_channels == 2 * shape.channels:
        shape, weights = _noise_alone(shape, weights)
        notes.append("the variance that it learned beside the noise is left out")
    if shape.out_channels != shape.channels:
        raise InputError("out_channels", shape.out_channels, f"in_channels = {shape.channels}, or twice as many")
    if shape.classes and not null_class:
        notes.append("it knows no class \"none\", which has the mean of the classes' vectors now: guidance is untried; "
                     "where its last class means none, pass --null-class")
    state = diffusers_unet.state_of(str(folder / weights_path), weights, shape, null_class=null_class)
    recipe = recipe_of(shape, noising.schedule, f"{diffusers_unet.CLASS} of diffusers, {name}", asked,
                       prediction=noising.prediction, clip=noising.clip)
    return Imported(_with_own(recipe, own), state, tuple(notes))


def write(folder: Path, network: UNet, scheduler: Mapping[str, Any], recipe: ImagesRecipe) -> None:
    """The folder that `DDPMPipeline.from_pretrained` opens, with our recipe beside it.

    Errors: `InputError` for a network that a `UNet2DModel` cannot be.
    """
    config = {**diffusers_unet.config_of(network.shape), "_diffusers_version": _VERSION}
    weights = diffusers_unet.weights_of(network.state_dict(), network.shape)
    index = {"_class_name": "DDPMPipeline", "_diffusers_version": _VERSION,
             "scheduler": ["diffusers", "DDPMScheduler"], "unet": ["diffusers", diffusers_unet.CLASS]}
    for name, body in (("unet/config.json", config), ("model_index.json", index),
                       ("scheduler/scheduler_config.json", {**scheduler, "_diffusers_version": _VERSION})):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    safetensors.torch.save_file(weights, folder / "unet" / _WEIGHTS[0], metadata={"format": "pt"})
    (folder / RECIPE).write_text(serial.to_yaml(recipe), encoding="utf-8")


def _config(path: Path) -> dict[str, Any]:
    found = read_json(path, _LIMIT)
    if not isinstance(found, dict):
        raise DataError(f"{path}: not a JSON object")
    return found


def _own(path: Path) -> ImagesRecipe | None:
    """The recipe of a run that was exported from here, if there is one that can be read."""
    try:
        found = serial.from_yaml(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, InputError, InputErrors):
        return None
    return found if isinstance(found, ImagesRecipe) else None


def _with_own(recipe: ImagesRecipe, own: ImagesRecipe | None) -> ImagesRecipe:
    """The recipe with what our own one says of data, training and sampling, where it is of the same model.

    Its paths are left out: they are of another machine, and perhaps of another person.
    """
    if own is None or not _agree(recipe, own):
        return recipe
    given = recipe.data.folder or recipe.data.source != Asked.data
    merged = replace(recipe, name=own.name, summary=own.summary, diffusion=own.diffusion, sampling=own.sampling,
                     data=recipe.data if given or own.data.folder else own.data)
    try:
        check(merged)
    except (InputError, InputErrors):
        return recipe
    return merged


def _agree(recipe: ImagesRecipe, own: ImagesRecipe) -> bool:
    def parts(of: ImagesRecipe) -> tuple[Any, ...]:
        told = of.diffusion
        return (of.schedule, told.prediction, told.time_input, of.data.size, of.data.channels, of.network.kind,
                of.network.conditioning, of.latent)

    return parts(recipe) == parts(own)


def _noise_alone(shape: UNetShape, weights: Mapping[str, Tensor]) -> tuple[UNetShape, dict[str, Tensor]]:
    """The network without the outputs that carry a learned variance, which are the last half."""
    found = dict(weights)
    for name in ("conv_out.weight", "conv_out.bias"):
        if name in found and found[name].shape[:1] == (2 * shape.channels,):
            found[name] = found[name][: shape.channels]
    return replace(shape, out_channels=shape.channels), found
