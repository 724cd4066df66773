"""Queries, keys and values in float64."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from genloom.rng import generator

Three = tuple[Tensor, Tensor, Tensor]


@pytest.fixture
def three() -> Callable[..., Three]:
    """(length, keys=length, size=4, batch=2, heads=3, scale=1) → q, k, v of which a gradient can be asked."""
    def make(length: int, keys: int = 0, *, size: int = 4, batch: int = 2, heads: int = 3, scale: float = 1.0,
             seed: int = 0) -> Three:
        draws = generator(seed, length, keys)
        shapes = (length, keys or length, keys or length)
        q, k, v = (torch.randn(batch, heads, n, size, generator=draws, dtype=torch.float64) for n in shapes)
        return (q * scale).requires_grad_(), k.requires_grad_(), v.requires_grad_()

    return make
