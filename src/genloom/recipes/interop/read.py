"""Whatever a model of another library comes as: a folder, a file, or a repository of the hub."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from genloom.errors import CheckpointError, InputError
from genloom.recipes.interop import course_evaluator, diffusers_folder, guided_diffusion, hub, min_diffusion
from genloom.recipes.interop.imported import Asked, Imported, recipe_of
from genloom.recipes.interop.weights import SUFFIXES, read_tensors

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?", re.ASCII)


def load(source: str, asked: Asked) -> Imported:
    """The model at `source`: a folder of diffusers, a file of weights, or owner/name of the hub, with @revision.

    Errors: `InputError` for what is none of these, or a model that ours cannot be; `DataError`, `CheckpointError` for
    files that are missing, malformed or of another model; `MissingExtra` for the hub without its package.
    """
    path = Path(source)
    if source and path.is_dir():
        return diffusers_folder.read(path, path.name, asked)
    if path.is_file():
        return _from_weights(path, read_tensors(path), asked)
    if _REPOSITORY.fullmatch(source) and path.suffix not in SUFFIXES:
        return diffusers_folder.read(hub.pull(source), source, asked)
    raise InputError("SOURCE", source, f"a folder of diffusers, a file of weights ({', '.join(SUFFIXES)}), or "
                     "owner/name of the hub", "there is nothing of that name here")


def _from_weights(path: Path, weights: Mapping[str, Tensor], asked: Asked) -> Imported:
    if min_diffusion.is_one(weights):
        return _naive(path, weights, asked)
    if guided_diffusion.MARK in weights:
        return _guided(path, weights, asked)
    if course_evaluator.is_one(weights):
        raise CheckpointError(f"{path} is an evaluator, which needs no import: pass this file itself where an "
                              "evaluator is asked for")
    raise CheckpointError(f"{path} is of no architecture that can be imported from a single file: guided-diffusion's "
                          f"has {guided_diffusion.MARK}, minDiffusion's {min_diffusion.MARK}; a UNet2DModel of "
                          "diffusers is imported by its folder, which says what the process is")


def _naive(path: Path, weights: Mapping[str, Tensor], asked: Asked) -> Imported:
    found = min_diffusion.read(str(path), weights, size=asked.size)
    recipe = recipe_of(found.shape, found.schedule, f"NaiveUnet of minDiffusion, {path.name}", asked)
    return Imported(recipe, found.state, (
        f"taken to be trained on pictures of {asked.size} × {asked.size} in [−1, 1]; --size names another size",))


def _guided(path: Path, weights: Mapping[str, Tensor], asked: Asked) -> Imported:
    if not asked.architecture:
        raise InputError("--architecture", "", "given for guided-diffusion, whose files do not say what they are",
                         f"one of {', '.join(guided_diffusion.PRESETS)}, or its flags as JSON")
    flags = guided_diffusion.flags_of(asked.architecture)
    shape, schedule = guided_diffusion.shape_of(flags), guided_diffusion.schedule_of(flags)
    state = guided_diffusion.state_of(str(path), weights, flags, shape)
    name = asked.architecture if asked.architecture in guided_diffusion.PRESETS else "flags of one's own"
    notes = ["the variance that it learned beside the noise is left out"] if flags.learn_sigma else []
    if shape.classes:
        notes.append("it knows no class \"none\", which has the mean of the classes' vectors now: guidance is untried")
    recipe = recipe_of(shape, schedule, f"UNetModel of guided-diffusion ({name}), {path.name}", asked,
                       prediction="data" if flags.predict_xstart else "noise")
    return Imported(recipe, state, tuple(notes))
