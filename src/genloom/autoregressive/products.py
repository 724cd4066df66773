"""Why probabilities are added as logarithms: their plain product is soon too small for a number of the machine."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch

_KINDS: dict[str, Any] = {"float32": np.float32, "float64": np.float64}


class Product(NamedTuple):
    """The product of the probabilities of a text's tokens, multiplied one after another.

    kind    "float32" or "float64"
    value   what comes out, 0 where it underflowed
    loses   the first factor (from 0) after which the product is subnormal, so that it loses digits; None if it is not
    zero    the first factor after which it is 0; None if it is not
    """

    kind: str
    value: float
    loses: int | None
    zero: int | None


def product(log_probs: Sequence[float], kind: str = "float64") -> Product:
    """Multiply exp(log p) in float32 or float64.

    >>> product([-50.0, -50.0, -50.0], "float32").zero, product([-50.0, -50.0, -50.0]).zero
    (2, None)
    """
    number = _KINDS[kind]
    value, loses, zero = number(1), None, None
    smallest = np.finfo(number).smallest_normal
    with _denormals(), np.errstate(under="ignore"):
        for place, factor in enumerate(np.exp(np.asarray(log_probs, np.float64))):
            value = number(value * number(factor))
            if loses is None and value < smallest:
                loses = place
            if zero is None and value == 0:
                zero = place
        return Product(kind, float(value), loses, zero)


@contextmanager
def _denormals() -> Iterator[None]:
    """Subnormal numbers inside a `with`, even where the processor flushes them to 0, as training has it."""
    flushed = bool(np.float32(1e-30) * np.float32(1e-10) == 0)
    torch.set_flush_denormal(False)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)
