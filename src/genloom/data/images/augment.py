"""From stored pictures to what a network sees, and back: cut, mirror, scale."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.rng import StepRng


@dataclass(frozen=True, kw_only=True)
class Augment:
    """A random square of each picture, mirrored left to right with probability ½ where `flip`, as floats in [−1, 1].

    Every one of the (S − size + 1)² places of the square is equally likely, independently for each picture. What is
    drawn for a picture depends on its place in the whole batch alone, not on the number of processes.

    size   width and height of the square
    flip   mirror half of the pictures

    Errors: `InputError` for pictures smaller than the square.
    """

    size: int
    flip: bool = True

    def __call__(self, pictures: Tensor, rng: StepRng) -> Tensor:
        """Uint8 (B, C, S, S) to float32 (B, C, size, size), on the device of the pictures."""
        places = _margin(pictures, self.size) + 1
        corners = rng.integers(places, (len(pictures), 2)).to(pictures.device)
        along = torch.arange(self.size, device=pictures.device)
        rows, columns = corners[:, :1] + along, along.expand(len(pictures), -1)
        if self.flip:
            mirrored = rng.integers(2, (len(pictures), 1)).to(pictures.device) == 1
            columns = torch.where(mirrored, along.flip(0), along)
        return to_floats(_cut(pictures, rows, columns + corners[:, 1:]))


def centre(pictures: Tensor, size: int) -> Tensor:
    """The middle square of each picture: uint8 (B, C, S, S) to (B, C, size, size); half a pixel goes to the upper left.

    Errors: `InputError` for pictures smaller than the square.
    """
    start = _margin(pictures, size) // 2
    return pictures[:, :, start : start + size, start : start + size]


def to_floats(pictures: Tensor) -> Tensor:
    """Bytes 0 … 255 to float32 in [−1, 1]: x / 127.5 − 1."""
    return pictures.to(torch.float32).div_(127.5).sub_(1.0)


def to_pictures(x: Tensor) -> Tensor:
    """Floats in [−1, 1] to uint8: (x + 1) · 127.5, rounded and clamped; the inverse of `to_floats` on every byte."""
    return x.float().add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def _cut(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Pixels of each picture at its own rows (B, n) and columns (B, n), in one gather."""
    count, channels, _, width = pictures.shape
    size = rows.shape[1]
    place = (rows[:, :, None] * width + columns[:, None, :]).reshape(count, 1, size * size)
    flat = pictures.reshape(count, channels, -1)
    return flat.gather(2, place.expand(-1, channels, -1)).view(count, channels, size, size)


def _margin(pictures: Tensor, size: int) -> int:
    smallest = min(pictures.shape[-2:])
    if smallest < size:
        raise InputError("data.size", size, f"at most {smallest}, the size of the stored pictures")
    return smallest - size
