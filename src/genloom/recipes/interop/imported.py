"""A model that came from elsewhere: its recipe and weights, and the run that is made of them."""

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.nn.naive_unet import NaiveUNetShape
from genloom.nn.unet_shape import UNetShape
from genloom.recipes import rules, serial
from genloom.recipes.images import Data, ImagesRecipe, Network, Sampling
from genloom.recipes.images_parts import make_network
from genloom.recipes.process import Diffusion, Schedule
from genloom.training.checkpoint import Checkpoints
from genloom.training.options import Engine, Optimizer
from genloom.training.run import RunFolder
from genloom.training.state import Snapshot, matched, network_tensors

NAME = "imported"
_STEP = 1  # an imported checkpoint counts as one step, from which `genloom resume --steps` goes on


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person says of a model that its files do not.

    architecture   a preset or flags of guided-diffusion
    data           the set that it is judged against: a source, or a folder of pictures
    null_class     the last of its classes means "none"
    size           width and height of the pictures of a minDiffusion network
    """

    architecture: str = ""
    data: str = "shapes"
    folder: str = ""
    null_class: bool = False
    size: int = 32


class Imported(NamedTuple):
    """A recipe, the state of its network, and what a person should know that the recipe does not say."""

    recipe: ImagesRecipe
    state: dict[str, Tensor]
    notes: tuple[str, ...] = ()


def recipe_of(shape: UNetShape | NaiveUNetShape, schedule: Schedule, summary: str, asked: Asked, *,
              prediction: Any = "noise", clip: bool = True) -> ImagesRecipe:
    """The recipe of an imported network.

    Errors: `InputError`, or `InputErrors` with all of them, for what no recipe can be.
    """
    if shape.channels not in (1, 3):
        raise InputError("channels", shape.channels, "1 (grey) or 3 (colour)", "a model of latents is not supported")
    naive = isinstance(shape, NaiveUNetShape)
    recipe = ImagesRecipe(
        name=NAME, summary=summary,
        data=Data(source=asked.data, folder=asked.folder, size=shape.size,  # type: ignore[arg-type] # checked below
                  channels=shape.channels),  # type: ignore[arg-type] # 1 or 3
        network=network_of(shape),
        schedule=schedule,
        diffusion=Diffusion(times="table", weight="simple", time_input="t" if naive else "index",
                            prediction=prediction),
        optimizer=Optimizer(lr=1e-4),
        engine=Engine(steps=_STEP, batch_size=32, precision="auto"),
        sampling=Sampling(sampler="unipc", steps=min(20, schedule.steps), clip=clip),
    )
    check(recipe)
    return recipe


def network_of(shape: UNetShape | NaiveUNetShape) -> Network:
    """The configuration of a network of that architecture: the sizes, and of a U-Net all of it as JSON."""
    if isinstance(shape, NaiveUNetShape):
        return Network(kind="naive-unet", width=shape.width)
    return Network(kind="unet", width=shape.width, multipliers=shape.multipliers, blocks=shape.blocks,
                   attention=shape.attention, heads=shape.heads, scale_shift=shape.scale_shift,
                   resample=shape.resample, dropout=shape.dropout,
                   conditioning="class" if shape.classes else "none", details=json.dumps(asdict(shape)))


def check(recipe: ImagesRecipe) -> None:
    """Refuse a recipe that could not be read back from its file.

    Errors: `InputError`, or `InputErrors` with all of them.
    """
    rules.validate(recipe)
    serial.from_yaml(serial.to_yaml(recipe))


def write_run(imported: Imported, out: Path, command: Sequence[str], environment: Mapping[str, Any]) -> RunFolder:
    """A run with these weights as its only checkpoint; whatever goes wrong, nothing is left at `out`.

    Errors: `RunError` where there is something at `out`; `CheckpointError` for weights of another network;
    `DiskFullError`.
    """
    recipe, data = imported.recipe, imported.recipe.data
    classes = json.loads(recipe.network.details or "{}").get("classes", 0)
    with torch.device("meta"):  # its names and shapes are all that is needed
        network = make_network(recipe.network, size=data.size, channels=data.channels, classes=classes,
                               seed=recipe.engine.seed)
    tensors = {f"denoiser/{name}": tensor for name, tensor in imported.state.items()}
    matched("networks", network_tensors({"denoiser": network}), tensors)
    with nothing_left(out):
        run = RunFolder.create(out, serial.to_yaml(recipe), command, environment)
        checkpoints = Checkpoints(run.checkpoints)
        checkpoints.sweep()
        checkpoints.save(Snapshot(_STEP, {"networks": tensors}, {}))
        run.set_status("finished", _STEP, _STEP)
    return run


@contextlib.contextmanager
def nothing_left(out: Path) -> Iterator[None]:
    """Take away what was made, where making it failed; a folder that was there stays, and so does what was in it."""
    was_there = out.exists()
    before = {entry.name for entry in out.iterdir()} if out.is_dir() else set()
    try:
        yield
    except BaseException:
        if not was_there:
            shutil.rmtree(out, ignore_errors=True)
        elif not before:
            for entry in out.iterdir():
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
        raise
