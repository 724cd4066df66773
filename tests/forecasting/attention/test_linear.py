"""Linear attention with elu + 1."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.forecasting.attention import linear, reference
from genloom.forecasting.attention.kinds import attend

Three = Callable[..., tuple[Tensor, Tensor, Tensor]]


@pytest.mark.parametrize("causal", [False, True])
def test_it_is_the_plain_formula(three: Three, causal: bool) -> None:
    q, k, v = (x.detach() for x in three(70, batch=1, scale=3.0))
    right = reference.kernel(*(reference.elu_features(x.numpy()) for x in (q, k)), v.numpy(), causal=causal)
    assert reference.relative_error(attend("linear", q, k, v, causal=causal).numpy(), right) < 1e-13


def test_the_logarithm_of_the_feature(three: Three) -> None:
    x = three(50, scale=4.0)[0]
    torch.testing.assert_close(linear.log_features(x).exp(), F.elu(x) + 1)


def test_features_that_vanish_in_float32_still_weigh(three: Three) -> None:
    q, k, v = (x.detach().float() for x in three(6))
    found = attend("linear", q - 500, k - 500, v)
    torch.testing.assert_close(found, attend("linear", (q - 500).double(), (k - 500).double(), v.double()).float(),
                               rtol=1e-3, atol=1e-3)
