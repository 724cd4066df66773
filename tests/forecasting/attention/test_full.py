"""Full attention: masks, and queries that are the last ones of the keys."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from genloom.forecasting.attention import reference
from genloom.forecasting.attention.full import causal_mask
from genloom.forecasting.attention.kinds import attend, weights

Three = Callable[..., tuple[Tensor, Tensor, Tensor]]
BOTH = pytest.mark.parametrize("name", ["full", "materialised"])


@BOTH
def test_it_is_the_reference(three: Three, name: str) -> None:
    q, k, v = (x.detach() for x in three(7, 11))
    mask = torch.rand(2, 1, 7, 11, generator=torch.Generator().manual_seed(1)) < 0.5
    mask[..., 0] = True
    for seen in (None, mask):
        right = reference.attention(q.numpy(), k.numpy(), v.numpy(), None if seen is None else seen.numpy())
        assert reference.relative_error(attend(name, q, k, v, mask=seen).numpy(), right) < 1e-15
        same = reference.matrix(q.numpy(), k.numpy(), None if seen is None else seen.numpy())
        assert reference.relative_error(weights(name, q, k, mask=seen).numpy(), same) < 1e-15


@BOTH
def test_causal_queries_are_the_last_ones_of_the_keys(three: Three, name: str) -> None:
    q, k, v = (x.detach() for x in three(10))
    whole = attend(name, q, k, v, causal=True)
    torch.testing.assert_close(attend(name, q[:, :, 6:], k, v, causal=True), whole[:, :, 6:])
    torch.testing.assert_close(attend(name, q[:, :, 9:], k, v, causal=True), whole[:, :, 9:])


@BOTH
def test_a_mask_and_causality_go_together(three: Three, name: str) -> None:
    q, k, v = (x.detach() for x in three(8))
    mask = torch.eye(8, dtype=torch.bool) | (torch.arange(8) % 2 == 0)
    both = mask & causal_mask(8, 8)
    torch.testing.assert_close(attend(name, q, k, v, causal=True, mask=mask), attend(name, q, k, v, mask=both))
    assert not weights(name, q, k, causal=True, mask=mask)[:, :, ~both].any()


@BOTH
def test_a_query_that_sees_nothing_takes_nothing_and_gives_no_gradient(three: Three, name: str) -> None:
    q, k, v = three(5)
    mask = torch.ones(5, 5, dtype=torch.bool)
    mask[2] = False
    found = attend(name, q, k, v, mask=mask)
    assert not found[:, :, 2].any()
    gradient, = torch.autograd.grad(found.sum(), q)
    assert gradient.isfinite().all()


def test_the_reference_is_numpy_alone() -> None:
    assert isinstance(reference.attention(*(np.ones((1, 1, 2, 2)),) * 3), np.ndarray)
