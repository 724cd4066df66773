"""Attention to neighbours, in blocks."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from genloom.forecasting.attention import local, reference
from genloom.forecasting.attention.kinds import attend, weights
from genloom.forecasting.attention.options import Options, Setting

Three = Callable[..., tuple[Tensor, Tensor, Tensor]]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("length", "window"), [(1, 1), (6, 1), (7, 3), (12, 4), (10, 99)])
def test_it_is_full_attention_to_the_listed_keys(three: Three, length: int, window: int, causal: bool) -> None:
    q, k, v = (x.detach() for x in three(length))
    options = Options(window=window)
    right = reference.sparse("local", q.numpy(), k.numpy(), v.numpy(), causal=causal, options=options)
    found = attend("local", q, k, v, causal=causal, options=options)
    assert reference.relative_error(found.numpy(), right) < 1e-15


def test_a_window_as_long_as_the_sequence_is_full_attention(three: Three) -> None:
    q, k, v = three(9)
    torch.testing.assert_close(attend("local", q, k, v, options=Options(window=9)), attend("full", q, k, v))


def test_the_window_is_the_root_of_the_length_where_it_is_open(three: Three) -> None:
    q, k, _ = three(50)
    assert local.width_of(50, Setting()) == 7
    assert (weights("local", q, k)[0, 0, 25] > 0).nonzero().flatten().tolist() == list(range(18, 33))
