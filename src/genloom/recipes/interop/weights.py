"""Weights from files of other programs: safetensors, or what `torch.save` wrote, of which nothing is run."""

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from genloom.errors import CheckpointError

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
"""Files that may hold weights."""

_INNER = ("state_dict", "model", "model_state_dict")  # where a training script may have put the weights
_DEEP = 3


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by their names, on the CPU.

    A `.pt`, `.pth`, `.bin` or `.ckpt` is read with `weights_only`: a file that wants anything but tensors and plain
    containers is refused, and nothing of it runs. There is no fallback.

    Errors: `CheckpointError` that names the file, for one that is missing, damaged, or not weights.
    """
    if path.suffix not in SUFFIXES:
        raise CheckpointError(f"{path} is no file of weights: its name must end in {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise CheckpointError(f"{path} is missing")
    found = _safetensors(path) if path.suffix == ".safetensors" else _torch(path)
    for name, tensor in found.items():
        _require_plain(path, name, tensor)
    return found


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return dict(safetensors.torch.load_file(path))
    except (safetensors.SafetensorError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise CheckpointError(f"{path} cannot be read as safetensors: {_brief(error)}") from error


def _torch(path: Path) -> dict[str, Tensor]:
    _refuse_bomb(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's remarks about files that it reads, or refuses, all the same
            # `weights_only` builds tensors and plain containers, and refuses every other name in the pickle.
            whole = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    except Exception as error:  # torch raises what it likes for a damaged file
        if type(error).__name__ == "UnpicklingError":
            raise CheckpointError(f"{path} holds more than weights, or is damaged; genloom runs nothing that a file "
                                  "brings: save its state_dict alone, or as safetensors") from error
        raise CheckpointError(f"{path} cannot be read as weights: {_brief(error)}") from error
    return _tensors_in(path, whole)


def _refuse_bomb(path: Path) -> None:
    """`torch.save` stores its entries as they are; a compressed one could unfold to any size."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            squeezed = [entry for entry in archive.infolist() if entry.compress_type != zipfile.ZIP_STORED]
            total = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CheckpointError(f"{path} is a damaged archive: {_brief(error)}") from error
    if squeezed or total > path.stat().st_size:
        raise CheckpointError(f"{path} is a compressed archive, which torch.save does not write; it was not unpacked")


def _tensors_in(path: Path, whole: Any) -> dict[str, Tensor]:
    """The state_dict itself, or the one that stands under a usual name in what was saved."""
    for _ in range(_DEEP):
        if isinstance(whole, Mapping) and whole and all(isinstance(value, Tensor) for value in whole.values()):
            return {str(name): tensor.detach() for name, tensor in whole.items()}
        inner = [whole[name] for name in _INNER if name in whole] if isinstance(whole, Mapping) else []
        if not inner:
            break
        whole = inner[0]
    raise CheckpointError(f"{path} holds no state_dict: it must be a mapping of names to tensors, or have one under "
                          f"{', '.join(_INNER)}")


def _require_plain(path: Path, name: str, tensor: Tensor) -> None:
    """Refuse what is not a dense tensor of numbers that are all there: a view can claim any size."""
    dense = tensor.layout == torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
    if not dense or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise CheckpointError(f"{path}: {name} is not a plain tensor")
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
        raise CheckpointError(f"{path}: {name} has numbers that are not finite")


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
