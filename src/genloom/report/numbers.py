"""Numbers for people: as many digits as the interval carries, and the verdict beside the known answer."""

import math
from dataclasses import replace

from genloom.report.results import Result, Status

_MINUS = "−"
_TINY = 1e-7  # a half-width below this is written in scientific notation


def number(value: float | None, digits: int = 4) -> str:
    r"""A number with `digits` significant digits; very large or small ones in scientific notation.

    >>> number(0.82803), number(12345.6), number(3.2e-12), number(None), number(float("-inf"))
    ('0.8280', '12\u202f346', '3.200e−12', '—', '−∞')
    """
    if value is None:
        return "—"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0 or (float(value).is_integer() and abs(value) < 1e15):
        return _sign(f"{value:,.0f}".replace(",", "\u202f"))
    exponent = math.floor(math.log10(abs(value)))
    if -4 <= exponent < 6:
        return fixed(value, max(0, digits - 1 - exponent))
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    return f"{_sign(mantissa)}e{_sign(str(int(power)))}"


def fixed(value: float, decimals: int) -> str:
    r"""A number with this many decimals and a true minus sign.

    >>> fixed(-0.82651, 3), fixed(-0.0001, 2), fixed(12345.67, 1)
    ('−0.827', '0.00', '12\u202f345.7')
    """
    text = f"{value:,.{decimals}f}".replace(",", "\u202f")
    return text[1:] if text.startswith("-") and not text.strip("-0.") else _sign(text)


def measured(result: Result) -> str:
    """The value with its interval, both to the decimals that the interval's width gives a meaning to.

    >>> measured(Result(name="loss", value=0.82803, interval=(0.82723, 0.82883)))
    '0.8280 ± 0.0008'
    >>> measured(Result(name="p", value=0.3, interval=(0.1, 0.9), unit="bits"))
    '0.3 [0.1, 0.9] bits'
    """
    unit = f" {result.unit}" if result.unit else ""
    if result.value is None or result.interval is None or not _finite(result.value, *result.interval):
        return f"{number(result.value)}{unit}"
    low, high = result.interval
    half = (high - low) / 2
    if half <= 0:
        return f"{number(result.value)}{unit}"
    if abs(result.value) >= 1e7 or half < _TINY:
        return f"{number(result.value)} ± {number(half, 2)}{unit}"
    places = decimals_of(half)
    if abs((low + high) / 2 - result.value) <= 0.1 * half:
        return f"{fixed(result.value, places)} ± {fixed(half, places)}{unit}"
    return f"{fixed(result.value, places)} [{fixed(low, places)}, {fixed(high, places)}]{unit}"


def known(result: Result) -> str:
    """The known answer, to the decimals of the measured value or its own four digits, whichever are more.

    >>> known(Result(name="loss", value=0.82803, interval=(0.82723, 0.82883), known=0.8266))
    '0.8266'
    """
    if result.known is None:
        return "—"
    unit = f" {result.unit}" if result.unit else ""
    size = abs(result.known)
    if result.interval is None or not _finite(size, *result.interval) or size.is_integer() or not 1e-4 <= size < 1e6:
        return f"{number(result.known)}{unit}"
    half = (result.interval[1] - result.interval[0]) / 2
    own = max(0, 3 - math.floor(math.log10(size)))
    return f"{fixed(result.known, max(own, decimals_of(half)) if half > _TINY else own)}{unit}"


def decimals_of(half: float) -> int:
    """Decimals for a half-width: its first two digits where they are at most 35, else its first digit.

    [Particle Data Group, "Rounding"]

    >>> decimals_of(0.0008), decimals_of(0.31), decimals_of(0.4), decimals_of(25.0)
    (4, 2, 1, 0)
    """
    exponent = math.floor(math.log10(half))
    digits = 2 if half / 10.0**exponent < 3.55 else 1
    return max(0, digits - 1 - exponent)


def judge(value: float | None, known: float, tolerance: float) -> Status:
    """`pass` where |value − known| ≤ tolerance; a value that is missing or NaN fails.

    >>> judge(0.828, 0.8266, 0.004), judge(float("nan"), 0.0, 1.0), judge(float("-inf"), float("-inf"), 0.1)
    ('pass', 'fail', 'pass')
    """
    return _inside(value, (known - tolerance, known + tolerance))


def near(result: Result, within: float) -> Result:
    """The result with the verdict of |value − known| ≤ within."""
    if result.known is None:
        raise ValueError(f"{result.name}: no known answer to be near to")
    accepted = (result.known - within, result.known + within)
    text = result.tolerance or f"within {within:.2g}"
    return replace(result, accepted=accepted, tolerance=text, status=_inside(result.value, accepted))


def at_most(result: Result, limit: float) -> Result:
    """The result with the verdict of value ≤ limit."""
    text = result.tolerance or f"at most {limit:.4g}"
    accepted = (-math.inf, limit)
    return replace(result, accepted=accepted, tolerance=text, status=_inside(result.value, accepted))


def at_least(result: Result, limit: float) -> Result:
    """The result with the verdict of value ≥ limit."""
    text = result.tolerance or f"at least {limit:.4g}"
    accepted = (limit, math.inf)
    return replace(result, accepted=accepted, tolerance=text, status=_inside(result.value, accepted))


def duration(seconds: float) -> str:
    """A time in the two largest units.

    >>> duration(0.42), duration(75), duration(7384)
    ('0.4 s', '1 min 15 s', '2 h 3 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _inside(value: float | None, accepted: tuple[float, float]) -> Status:
    return "pass" if value is not None and accepted[0] <= value <= accepted[1] else "fail"


def _finite(*values: float) -> bool:
    return all(math.isfinite(value) for value in values)


def _sign(text: str) -> str:
    return _MINUS + text[1:] if text.startswith("-") else text
