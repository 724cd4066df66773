"""Tensors from safetensors files: one of them, or several that an index names together."""

import json
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import load_file
from torch import Tensor

from genloom.errors import CheckpointError

WEIGHTS = "model.safetensors"
INDEX = f"{WEIGHTS}.index.json"
"""What stands in a folder: one file, or an index of several, where transformers split a large model."""
_ENDING, _INDEXED = ".safetensors", ".safetensors.index.json"


def weights_in(path: Path) -> Path:
    """The file of weights in a folder, or its index where there are several; any other path itself."""
    if not path.is_dir():
        return path
    return path / (INDEX if (path / INDEX).is_file() and not (path / WEIGHTS).is_file() else WEIGHTS)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file, or of the files that an index names.

    Errors: `CheckpointError` for files that are missing or damaged, and for an index that names other places than files
    beside it, or tensors that are not where it says.
    """
    if not path.name.endswith(_INDEXED):
        return _one(path)
    places = _index(path)
    found = {name: tensor for file in sorted(set(places.values()))
             for name, tensor in _named(path, places, file, _one(path.parent / file)).items()}
    if missing := sorted(places.keys() - found.keys()):
        raise CheckpointError(f"{path.parent / places[missing[0]]} lacks {missing[0]}, which {path.name} says it has")
    return found


def _named(index: Path, places: dict[str, str], file: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of one file, all of which the index must place there."""
    for name in tensors:
        if places.get(name) != file:
            raise CheckpointError(f"{index.parent / file} has {name}, which {index.name} does not say")
    return tensors


def _index(path: Path) -> dict[str, str]:
    """The file of each tensor."""
    try:
        body: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON: {brief(error)}") from error
    places = body.get("weight_map") if isinstance(body, dict) else None
    if not isinstance(places, dict) or not places:
        raise CheckpointError(f"{path} has no weight_map: it must say in which file each tensor is")
    for file in places.values():
        if not isinstance(file, str) or not file.endswith(_ENDING) or Path(file).name != file or "\\" in file:
            raise CheckpointError(f"{path} names {file!r:.80}: must be a {_ENDING} file beside it")
    return places


def _one(path: Path) -> dict[str, Tensor]:
    if path.suffix != _ENDING:
        raise CheckpointError(f"{path} is no safetensors file: pass one, or a folder with {WEIGHTS} and config.json")
    try:
        return dict(load_file(path))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing") from None
    except (safetensors.SafetensorError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise CheckpointError(f"{path} cannot be read as safetensors: {brief(error)}") from error


def brief(error: Exception) -> str:
    """What an error says, in one short line."""
    return " ".join(str(error).split())[:160] or type(error).__name__
