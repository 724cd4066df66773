import math

import pytest

from genloom.errors import InputError
from genloom.metrics.bits_per_byte import bits_per_byte


def test_random_bytes_need_8_bits_whatever_the_tokens_are() -> None:
    assert bits_per_byte(1000 * math.log(256), 1000) == pytest.approx(8, abs=1e-12)
    assert bits_per_byte(500 * math.log(256**2), 1000) == pytest.approx(8, abs=1e-12)
    assert bits_per_byte(0, 10) == 0


def test_no_bytes_are_refused() -> None:
    with pytest.raises(InputError, match=r"^size = 0: must be at least 1 byte"):
        bits_per_byte(1.0, 0)
