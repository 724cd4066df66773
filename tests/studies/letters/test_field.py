"""S4.22: the field's error is the loss's gap in other words."""

import pytest

from genloom.studies.letters.field import field
from genloom.studies.letters.loss import losses


def test_the_item_is_whole(tiny, check) -> None:
    check(field, tiny)


def test_the_squared_error_of_the_field_is_twice_the_gap(tiny) -> None:
    (result,) = field.work(tiny).results
    assert result.value == pytest.approx((2 * losses(tiny).excess) ** 0.5)
