"""exp of any logarithm, written out."""

import math

import pytest

from genloom.report.powers import power_of_ten


@pytest.mark.parametrize(("log", "said"), [(0.0, "1.00 · 10^0"), (-2.302585093, "1.00 · 10^−1"),
                                           (math.log(9.999), "1.00 · 10^1"), (-100_000.0, "3.56 · 10^−43430")])
def test_numbers_that_no_float_holds(log: float, said: str) -> None:
    assert power_of_ten(log) == said


@pytest.mark.parametrize("log", [math.log(9.9996), 3 * math.log(10) - 1e-9, -435 * math.log(10) - 1e-8])
def test_a_mantissa_is_below_ten_at_every_number_of_digits(log: float) -> None:
    for digits in (0, 1, 3, 6):
        mantissa = power_of_ten(log, digits).partition(" ")[0]
        assert 1 <= float(mantissa) < 10
