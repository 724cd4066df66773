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

    The tensor is made once, (B, H, length, d) for the keys and for the values of each block. A forward pass `append`s
    to every block, or fills `next_place`, and `advance`s then.

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
        size = (2 * shape.blocks, batch, shape.heads, length, shape.width // shape.heads)
        self._all, self._length = torch.zeros(size, device=device, dtype=dtype), 0
        self._by_block = _apart(self._all)

    @property
    def length(self) -> int:
        """How many tokens are held."""
        return self._length

    @property
    def room(self) -> int:
        """How many more tokens fit."""
        return self._all.shape[3] - self._length

    @property
    def batch(self) -> int:
        """How many rows there are."""
        return self._all.shape[1]

    def append(self, block: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Writes those of new tokens, (B, H, L, d), behind the others and returns all: views (B, H, length + L, d).

        Errors: `InputError` for another batch, and for more tokens than there is room for.
        """
        count, held_keys, held_values = keys.shape[2], *self._by_block[2 * block : 2 * block + 2]
        if len(keys) != len(held_keys):
            raise InputError("batch", len(keys), f"{self.batch}, as the keys and values that are held")
        self.require_room(count)
        held_keys.narrow(2, self._length, count).copy_(keys)
        held_values.narrow(2, self._length, count).copy_(values)
        return held_keys.narrow(2, 0, self._length + count), held_values.narrow(2, 0, self._length + count)

    def next_place(self) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Where one new token is to be written, and all that is held with it: for each block its keys, its values.

        Views (B, H, 1, d) and (B, H, length + 1, d), made for all blocks at once.

        Errors: `InputError` where there is no room.
        """
        self.require_room(1)
        return (self._all.narrow(3, self._length, 1).unbind(), self._all.narrow(3, 0, self._length + 1).unbind())

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
        self._all = self._all[:, rows]
        self._by_block = _apart(self._all)


def _apart(whole: Tensor) -> list[Tensor]:
    """Its parts in the same memory; to autograd, which would refuse a pass that writes to several, they are others."""
    return [whole[i].data for i in range(whole.shape[0])]
