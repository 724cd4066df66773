"""Options of attention: what is refused, and when dropout is on."""

from typing import Any

import pytest

from genloom.errors import InputError
from genloom.forecasting.attention.options import Options, Setting


@pytest.mark.parametrize("values", [{"dropout": 1.0}, {"dropout": -0.1}, {"window": -1}, {"stride": -2},
                                    {"summary": -1}, {"features": -1}, {"part": "nearest"}, {"factor": 0.0},
                                    {"factor": float("nan")}])
def test_numbers_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"attention.{next(iter(values))}"):
        Options(**values)


def test_dropout_is_on_in_training_alone() -> None:
    assert Setting(options=Options(dropout=0.2)).dropout == 0
    assert Setting(options=Options(dropout=0.2, training=True)).dropout == 0.2
