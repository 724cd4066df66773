import math

import numpy as np
import pytest
import torch

from genloom.autoregressive.products import product


@pytest.mark.parametrize(("kind", "normal", "smallest"), [("float32", -126, -149), ("float64", -1022, -1074)])
@pytest.mark.parametrize("flush", [False, True])
def test_it_underflows_where_the_machine_does_whatever_it_flushes(kind, normal, smallest, flush):
    torch.set_flush_denormal(flush)
    try:
        found = product([-10 * math.log(2)] * 200, kind)
        after = bool(np.float32(1e-30) * np.float32(1e-10) == 0)
    finally:
        torch.set_flush_denormal(False)
    assert after is flush, "as it was before"
    assert found.loses == next(k for k in range(200) if -10 * (k + 1) < normal)
    assert found.zero == next(k for k in range(200) if -10 * (k + 1) < smallest - 0.5)
    assert found.value == 0


def test_a_short_product_is_the_exponential_of_the_sum():
    logs = [-0.5, -3.0, -1.25]
    for kind, digits in (("float32", 1e-6), ("float64", 1e-14)):
        found = product(logs, kind)
        assert found.value == pytest.approx(math.exp(sum(logs)), rel=digits)
        assert (found.loses, found.zero) == (None, None)
