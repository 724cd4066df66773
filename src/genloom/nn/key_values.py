"""Keys and values of the tokens that a network has seen, so that the next token costs one token."""

from typing import Protocol

import torch
from torch import Tensor

from genloom.errors import InputError


class Attending(Protocol):
    """The sizes of a network that attends: `GPTShape` is one."""

    @property
    def width(self) -> int:
        """Channels of a token."""

    @property
    def blocks(self) -> int:
        """How often the network attends."""

    @property
    def heads(self) -> int:
        """Heads of each attention."""


class KeyValues:
    """Room for the keys and values of some tokens in each block, of which the first `length` are filled.

    The tensors are made once, two of (B, H, length, d) for each block. A forward pass `append`s to every block, and
    `advance`s then.

    shape    of the network
    batch    rows B
    length   most tokens that will ever be held
    device   where the network is
    dtype    of the keys and values

    Errors: `InputError` for a batch or length below 1.
    """

    def __init__(self, shape: Attending, batch: int, length: int, device: torch.device | str = "cpu",
                 dtype: torch.dtype = torch.float32) -> None:
        for name, value in (("batch", batch), ("length", length)):
            if value < 1:
                raise InputError(name, value, "at least 1")
        size = (batch, shape.heads, length, shape.width // shape.heads)
        self._keys, self._values = ([torch.zeros(size, device=device, dtype=dtype) for _ in range(shape.blocks)]
                                    for _ in range(2))
        self._length = 0

    @property
    def length(self) -> int:
        """How many tokens are held."""
        return self._length

    @property
    def room(self) -> int:
        """How many more tokens fit."""
        return self._keys[0].shape[2] - self._length

    @property
    def batch(self) -> int:
        """How many rows there are."""
        return len(self._keys[0])

    def append(self, block: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Writes those of new tokens, (B, H, L, d), behind the others and returns all: views (B, H, length + L, d).

        Errors: `InputError` for another batch, and for more tokens than there is room for.
        """
        count, held_keys, held_values = keys.shape[2], self._keys[block], self._values[block]
        if len(keys) != len(held_keys):
            raise InputError("batch", len(keys), f"{self.batch}, as the keys and values that are held")
        self.require_room(count)
        held_keys.narrow(2, self._length, count).copy_(keys)
        held_values.narrow(2, self._length, count).copy_(values)
        return held_keys.narrow(2, 0, self._length + count), held_values.narrow(2, 0, self._length + count)

    def require_room(self, count: int) -> None:
        """Refuse more tokens than fit.

        Errors: `InputError`.
        """
        if count > self.room:
            raise InputError("tokens", count, f"at most {self.room}, the room behind the {self._length} that are held",
                             "drop the oldest and start again, or make more room")

    def advance(self, count: int) -> None:
        """The tokens that every block has appended are held from now on."""
        self.require_room(count)
        self._length += count

    def reset(self, length: int = 0) -> None:
        """Forget all tokens but the first `length`.

        Errors: `InputError` for more tokens than are held.
        """
        if not 0 <= length <= self._length:
            raise InputError("length", length, f"from 0 to {self._length}, the tokens that are held")
        self._length = length

    def keep(self, rows: Tensor) -> None:
        """The rows go on that `rows` names, in its order: indices (B',), which may repeat, or a mask (B,) of bool."""
        self._keys, self._values = [held[rows] for held in self._keys], [held[rows] for held in self._values]
