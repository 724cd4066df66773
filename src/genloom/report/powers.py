"""Numbers that are too small to be written otherwise."""

import math


def power_of_ten(log: float, digits: int = 2) -> str:
    """exp(log), however small, with so many digits behind the point.

    >>> power_of_ten(-1000.0), power_of_ten(0.0), power_of_ten(-1000.0, 3)
    ('5.08 · 10^−435', '1.00 · 10^0', '5.076 · 10^−435')
    >>> power_of_ten(-math.inf)
    '0'
    """
    if log == -math.inf:
        return "0"
    exponent = math.floor(log / math.log(10))
    mantissa = f"{10 ** (log / math.log(10) - exponent):.{digits}f}"
    if mantissa.startswith("10"):
        mantissa, exponent = f"{1:.{digits}f}", exponent + 1
    return f"{mantissa} · 10^{exponent}".replace("-", "−")
