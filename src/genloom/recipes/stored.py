"""Weights as they are stored in what comes with genloom: as they are, in 16 bits, or in 8 with a scale for each row."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from genloom.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

Storage = Literal["float32", "float16", "int8"]

SCALES = ":scales"
"""What follows the name of a tensor of 8-bit numbers in the name of its scales."""

_LARGEST = 127


def pack(tensors: "Mapping[str, Tensor]", storage: Storage) -> "dict[str, Tensor]":
    """The tensors as they are to be stored; only those of 32-bit numbers change.

    float16   each number is rounded by at most 2⁻¹¹ of itself
    int8      each row of a matrix or of a convolution, of largest magnitude m, by at most m/254: w ≈ s q with s = m/127
              and whole numbers q; what has one dimension is stored as float16

    Errors: `InputError` for a number that is too large for float16, or not finite.
    """
    import torch

    found: dict[str, Tensor] = {}
    for name, given in tensors.items():
        tensor = given.detach().cpu().contiguous()
        if storage == "float32" or tensor.dtype != torch.float32:  # which all others are not read back as
            found[name] = tensor
        elif storage == "int8" and tensor.ndim > 1:
            found[name], found[name + SCALES] = _rows(name, tensor)
        else:
            found[name] = _half(name, tensor)
    return found


def unpack(stored: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """What was packed, in 32 bits; tensors that were not changed stay as they are.

    Errors: `ValueError` for scales of no tensor, or other than one for each of its rows.
    """
    import torch

    found = {name: tensor.float() if tensor.dtype == torch.float16 else tensor for name, tensor in stored.items()}
    for name in [name for name in found if name.endswith(SCALES)]:
        scales, whole = found.pop(name), found.get(name.removesuffix(SCALES))
        if whole is None or scales.shape != whole.shape[:1]:
            raise ValueError(f"{name} does not fit its tensor")
        found[name.removesuffix(SCALES)] = whole.float() * scales.reshape(-1, *[1] * (whole.ndim - 1))
    return found


def _rows(name: str, tensor: "Tensor") -> "tuple[Tensor, Tensor]":
    import torch

    most = tensor.abs().flatten(1).amax(1) if tensor[0].numel() else tensor.new_zeros(len(tensor))
    if not bool(most.isfinite().all()):
        raise InputError("tensors", name, "finite numbers")
    scales = most / _LARGEST
    each = scales.where(scales > 0, torch.ones_like(scales)).reshape(-1, *[1] * (tensor.ndim - 1))
    return (tensor / each).round().clamp(-_LARGEST, _LARGEST).to(torch.int8), scales


def _half(name: str, tensor: "Tensor") -> "Tensor":
    import torch

    stored = tensor.half()
    if not bool(stored.isfinite().all()):
        raise InputError("tensors", name, f"at most {torch.finfo(torch.float16).max:g} in half precision",
                         "store it in full precision")
    return stored
