"""Numbers that are too small to be written otherwise."""

import math


def power_of_ten(log: float) -> str:
    """exp(log), however small.

    >>> power_of_ten(-1000.0), power_of_ten(0.0)
    ('5.08 · 10^−435', '1.00 · 10^0')
    """
    exponent = math.floor(log / math.log(10))
    mantissa = f"{10 ** (log / math.log(10) - exponent):.2f}"
    if mantissa == "10.00":
        mantissa, exponent = "1.00", exponent + 1
    return f"{mantissa} · 10^{exponent}".replace("-", "−")
