"""S4.6."""

import pytest

from genloom.studies.written.product_of_betas import OF_BETAS, fineness_error


def test_the_product_is_the_recursion(page) -> None:
    assert {result.status for result in page(OF_BETAS).results} == {"pass"}


def test_twice_as_many_steps_have_half_the_error() -> None:
    assert fineness_error(4000) / fineness_error(8000) == pytest.approx(2, abs=0.01)
