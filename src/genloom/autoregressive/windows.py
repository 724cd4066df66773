"""Windows of tokens: any of them for training, and fixed ones in which every held-out token counts once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from genloom.autoregressive.token_file import TokenFile
from genloom.errors import DataError, InputError
from genloom.training.method import Batch

LEFT_OUT = -1
"""The target of a place that holds no token; `token_loss` leaves it out."""


class Windows:
    """Training data: example i is {"x": t[p : p + L], "y": t[p + 1 : p + L + 1]}, int64, with p its place.

    Windows begin `stride` tokens apart from the start of each stretch on, and one more ends where the stretch does;
    none reaches over the end of a stretch. Stretches of L tokens or fewer have none.

    context   L, at least 1
    stride    1: windows begin at every token; L: each token is a target once

    Errors: `InputError` for a context or a stride below 1; `DataError` where no stretch is long enough.
    """

    def __init__(self, tokens: TokenFile, context: int, stride: int = 1) -> None:
        _at_least_1(context=context, stride=stride)
        self._views = sliding_window_view(tokens.ids, context + 1) if len(tokens) > context else None
        spans = np.array(tokens.spans, np.int64).reshape(-1, 2)
        room = spans[:, 1] - spans[:, 0] - context  # places where a window may begin
        self._first, self._last = spans[room > 0, 0], spans[room > 0, 1] - context - 1
        self._ends = (-(-(room[room > 0] - 1) // stride) + 1).cumsum()
        self._stride = stride
        self.left_out = int((spans[:, 1] - spans[:, 0])[room <= 0].sum())
        """Tokens in stretches that are too short for a window."""
        if not len(self._ends):
            longest = int((room + context).max(initial=0))
            raise DataError(f"the longest stretch of training text has {longest:,} tokens, and a window needs "
                            f"{context + 1:,}; give more text, a smaller context, or fewer --data.blocks")

    def __len__(self) -> int:
        return int(self._ends[-1])

    def batch(self, indices: Tensor) -> Batch:
        """The examples of these indices, (B,): x and y of shape (B, L)."""
        assert self._views is not None
        index = indices.numpy(force=True)
        span = self._ends.searchsorted(index, side="right")
        within = index - np.concatenate(([0], self._ends))[span]
        places = np.minimum(self._first[span] + within * self._stride, self._last[span])
        both = torch.from_numpy(self._views[places].astype(np.int64))
        return {"x": both[:, :-1].contiguous(), "y": both[:, 1:].contiguous()}


class Held(NamedTuple):
    """Some fixed windows.

    x         what the model reads, (B, L) int64
    y         what it is to predict, (B, L) int64; `LEFT_OUT` where the text has no more
    counted   whether a place counts here, (B, L) bool: the others count in another window or nowhere
    """

    x: Tensor
    y: Tensor
    counted: Tensor


class FixedWindows:
    """All of a held-out text in windows of L tokens: each token but the first of its stretch counts exactly once.

    A window begins `stride` tokens after the one before it and counts what no earlier one did, so that every token is
    predicted from at least L − stride + 1 tokens, or from all that its stretch has before it. The last window of a
    stretch is moved back to be full; a stretch that is shorter than a window is filled up on the right.

    stride   0 for L: windows side by side, the cheapest
    batch    windows at once
    tokens   how many tokens count, and `bytes` how many UTF-8 bytes they stand for

    It can be gone through as often as one likes.

    Errors: `InputError` for a stride that is negative or beyond the context; `DataError` where nothing counts.
    """

    def __init__(self, tokens: TokenFile, context: int, stride: int = 0, batch: int = 32) -> None:
        _at_least_1(context=context, batch=batch)
        if not 0 <= stride <= context:
            raise InputError("stride", stride, f"of 1 to the context {context}, or 0 for windows side by side")
        self._file, self._context, self._stride, self._batch = tokens, context, stride or context, batch
        self.tokens = sum(max(0, stop - start - 1) for start, stop in tokens.spans)
        self.bytes = tokens.bytes - tokens.first_bytes
        if self.tokens == 0:
            raise DataError("the held-out text has no token that could be predicted; hold a larger share of it out")

    def __iter__(self) -> Iterator[Held]:
        waiting = list[tuple[int, int, int]]()
        for start, stop in self._file.spans:
            for place, counted in _fixed(stop - start, self._context, self._stride):
                waiting.append((start + place, min(stop, start + place + self._context + 1), start + counted))
                if len(waiting) == self._batch:
                    yield self._held(waiting)
                    waiting = []
        if waiting:
            yield self._held(waiting)

    def _held(self, windows: list[tuple[int, int, int]]) -> Held:
        both = np.full((len(windows), self._context + 1), LEFT_OUT, np.int64)
        counted = np.zeros((len(windows), self._context), bool)
        for row, (start, stop, first) in enumerate(windows):
            both[row, : stop - start] = self._file.ids[start:stop]
            counted[row, first - start - 1 : stop - start - 1] = True
        x = np.where(both[:, :-1] == LEFT_OUT, 0, both[:, :-1])  # any id will do: nothing that counts sees it
        return Held(torch.from_numpy(x), torch.from_numpy(both[:, 1:].copy()), torch.from_numpy(counted))


def _fixed(length: int, context: int, stride: int) -> Iterator[tuple[int, int]]:
    """Where each window of a stretch begins, and the first token that counts in it."""
    counted, wanted, last = 1, 0, max(0, length - context - 1)
    while counted < length:
        place = min(wanted, last)
        yield place, counted
        counted, wanted = place + context + 1, wanted + stride


def _at_least_1(**values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise InputError(name, value, "at least 1")
