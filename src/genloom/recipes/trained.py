"""Trained networks by name or place: those that come with genloom, and those of a run; their data are not needed."""

from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from genloom.errors import InputError, RunError
from genloom.recipes import pretrained
from genloom.training.checkpoint import Checkpoints
from genloom.training.run import RunFolder
from genloom.training.state import Tensors, copy_all, matched, network_tensors


class Trained(NamedTuple):
    """What training left.

    recipe        the recipe that it was trained by
    tensors       weights by "network/name": averaged ones where there are any, of the best checkpoint or the last
    class_names   the classes of its data, where it came with genloom; a run keeps none
    place         its name or folder, as it was asked for
    digest        SHA-256 of its manifest
    """

    recipe: Any
    tensors: Tensors
    class_names: tuple[str, ...]
    place: str
    digest: str


def trained(place: str | Path, *, what: str, example: str) -> Trained:
    """What was trained, by the name of what comes with genloom, its folder, or that of a run.

    what      in the plural, for messages
    example   a recipe that makes one

    Errors: `RunError` where there is none; `CheckpointError`.
    """
    name, path = str(place), Path(place).expanduser()
    if name in pretrained.names() or (path / pretrained.MODEL).is_file():
        found = pretrained.load(name) if name in pretrained.names() else pretrained.read(path)
        return Trained(found.recipe, found.tensors, found.class_names, name, found.digest)
    if not (path / "recipe.yaml").is_file():
        raise RunError(f"{place} is neither a run nor one of the {what} that come with genloom: "
                       f"{', '.join(pretrained.names())}; `genloom train {example} --out {place}` makes one")
    return _of_run(RunFolder.open(path))


def require(found: Trained, kind: type, parameter: str, what: str, example: str) -> None:
    """Refuse what was trained by another kind of recipe.

    Errors: `InputError`.
    """
    if not isinstance(found.recipe, kind):
        raise InputError(parameter, found.place, f"a run of {what}", f"`genloom train {example}` makes one")


def with_weights(network: nn.Module, found: Trained, name: str) -> None:
    """Put the weights of "name/…" into a network that is made for use: in eval mode, and without gradients.

    Errors: `CheckpointError` for weights of another network.
    """
    copy_all(matched("weights", network_tensors({name: network}), found.tensors))
    network.eval().requires_grad_(False)


def _of_run(run: RunFolder) -> Trained:
    from genloom.recipes.serial import from_yaml
    from genloom.training import manifest

    store = Checkpoints(run.checkpoints)
    step = store.resolve("last" if store.best() is None else "best")
    tensors = store.load(step).tensors
    digest = manifest.digest((store.path(step) / manifest.MANIFEST).read_bytes())
    return Trained(from_yaml(run.recipe_yaml), tensors.get("ema", tensors["networks"]), (), str(run.path), digest)
