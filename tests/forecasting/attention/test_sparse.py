"""The strided and the fixed pattern, in blocks."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from genloom.forecasting.attention import reference
from genloom.forecasting.attention.kinds import attend, weights
from genloom.forecasting.attention.options import Options

Three = Callable[..., tuple[Tensor, Tensor, Tensor]]
BOTH = pytest.mark.parametrize("name", ["strided", "fixed"])


@BOTH
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("part", ["both", "near", "far", "heads"])
@pytest.mark.parametrize(("length", "stride", "summary"), [(1, 1, 1), (7, 1, 1), (12, 4, 1), (13, 4, 2), (6, 50, 3)])
def test_blocks_are_full_attention_to_the_listed_keys(three: Three, name: str, causal: bool, part: Any, length: int,
                                                      stride: int, summary: int) -> None:
    q, k, v = (x.detach() for x in three(length))
    # a stride beyond the sequence is one block
    options = Options(stride=min(stride, length), summary=min(summary, length), part=part)
    right = reference.sparse(name, q.numpy(), k.numpy(), v.numpy(), causal=causal, options=options)
    found = attend(name, q, k, v, causal=causal, options=Options(stride=stride, summary=summary, part=part))
    assert reference.relative_error(found.numpy(), right) < 1e-14


@BOTH
def test_two_layers_reach_every_earlier_step(three: Three, name: str) -> None:
    q, k, _ = three(100)
    seen = weights(name, q, k, causal=True, options=Options(stride=10, summary=1))[0, 0] > 0
    assert int(seen.sum(1).max()) <= 30
    twice = (seen.double() @ seen.double()) > 0
    reached = twice.sum().item() / (100 * 101 / 2)
    assert reached == 1.0 if name == "strided" else reached > 0.9


@BOTH
def test_no_matrix_of_all_pairs_is_made(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    length, largest = 1024, 0
    softmax = Tensor.softmax

    def watched(x: Tensor, dim: int) -> Tensor:
        nonlocal largest
        largest = max(largest, x.shape[2] * x.shape[3])
        return softmax(x, dim)

    monkeypatch.setattr(Tensor, "softmax", watched)
    q = torch.zeros(1, 1, length, 2)
    attend(name, q, q, q, causal=True)
    assert 0 < largest <= length * 6 * length**0.5
