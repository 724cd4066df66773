"""exp of any logarithm, written out."""

import math

import pytest

from genloom.studies.alice.powers import power_of_ten


@pytest.mark.parametrize(("log", "said"), [(0.0, "1.00 · 10^0"), (-2.302585093, "1.00 · 10^−1"),
                                           (math.log(9.999), "1.00 · 10^1"), (-100_000.0, "3.56 · 10^−43430")])
def test_numbers_that_no_float_holds(log: float, said: str) -> None:
    assert power_of_ten(log) == said
