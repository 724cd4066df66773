"""Attention at distances that double."""

from collections.abc import Callable

import pytest
from torch import Tensor

from genloom.forecasting.attention import logsparse, reference
from genloom.forecasting.attention.kinds import attend
from genloom.forecasting.attention.options import Options

Three = Callable[..., tuple[Tensor, Tensor, Tensor]]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("length", [1, 2, 3, 16, 17, 33])
def test_it_is_full_attention_to_the_listed_keys(three: Three, length: int, causal: bool) -> None:
    q, k, v = (x.detach() for x in three(length))
    right = reference.sparse("logsparse", q.numpy(), k.numpy(), v.numpy(), causal=causal, options=Options())
    assert reference.relative_error(attend("logsparse", q, k, v, causal=causal).numpy(), right) < 1e-14


def test_the_number_of_keys_is_the_logarithm_of_the_length() -> None:
    assert logsparse.pattern(1025, causal=True).sum(1).max() == 12
    assert len(logsparse.distances(8192, causal=True)) == 14
