"""An architecture that cannot be built is refused before anything is, with every reason at once."""

from typing import Any

import pytest

from genloom.errors import InputError, InputErrors
from genloom.nn.unet_shape import UNetShape


def test_levels() -> None:
    shape = UNetShape(size=64, width=32, multipliers=(1, 2, 3), attention=(16,))
    assert shape.widths == (32, 64, 96)
    assert shape.sizes == (64, 32, 16)
    assert shape.told == 128
    assert UNetShape(time_features=6).told == 24


def test_heads_of_a_width() -> None:
    assert UNetShape(heads=2).heads_at(64) == 2
    assert UNetShape(head_channels=16).heads_at(64) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"size": 30, "attention": (0,)}, r"network\.size = 30: must be a multiple of 8 for 4 levels; choose another"),
        ({"multipliers": ()}, r"network\.multipliers = \(\): must be one or more, each ≥ 1"),
        ({"multipliers": (1, 0)}, r"network\.multipliers = \(1, 0\)"),
        ({"width": 0}, r"network\.width = 0: must be at least 1"),
        ({"blocks": 0}, r"network\.blocks = 0: must be at least 1"),
        ({"groups": 0}, r"network\.groups = 0: must be at least 1"),
        ({"attention": (7,)}, r"network\.attention = \(7,\): must be among the levels' sizes \(32, 16, 8, 4\), or 0"),
        ({"heads": 3}, r"network\.heads = 3: must be a divisor of the 64 channels that attend"),
        ({"head_channels": 48}, r"network\.head_channels = 48: must be a divisor of the 64 channels"),
        ({"time_features": 5}, r"network\.time_features = 5: must be even"),
        ({"dropout": 1.0}, r"network\.dropout = 1\.0: must be in \[0, 1\)"),
        ({"classes": 2, "label_set": 2}, r"network\.label_set = 2: must be 0 beside classes"),
        ({"cross_attention": True}, r"network\.cross_attention = True: must be False without a label_set"),
        ({"frequency_shift": 2}, r"network\.frequency_shift = 2: must be 0 or 1"),
    ],
)
def test_what_cannot_be_built(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises((InputError, InputErrors), match=message):
        UNetShape(**wrong)


def test_all_reasons_at_once() -> None:
    with pytest.raises(InputErrors, match=r"2 problems: network\.size = 30.* · network\.dropout = 2"):
        UNetShape(size=30, attention=(0,), dropout=2)


def test_no_attention_needs_no_heads() -> None:
    UNetShape(width=6, heads=4, attention=(0,), middle_attention=False)
