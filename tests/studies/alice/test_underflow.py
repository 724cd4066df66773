"""Products become 0 where sums pass the limit, and where renewal theory expects it."""

import math

import numpy as np
import pytest

from genloom.studies.alice.underflow import (
    _lengths,
    crossed,
    excerpt,
    lengths,
    limit,
    multiplied,
    product_results,
    underflow_results,
)


def test_the_limit_is_half_the_smallest_number() -> None:
    for kind, of in (("float32", np.float32), ("float64", np.float64)):
        factor = of(2.0) ** -of(100)
        assert limit(kind) == pytest.approx({"float32": 150, "float64": 1075}[kind] * math.log(2))
        assert of(np.exp(-limit("float32") * 0.5)) > 0
        assert factor > 0


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_multiplying_and_adding_end_together(kind: str) -> None:
    costs = np.random.default_rng(0).gamma(1.5, 2.0, 20_000)
    measured, summed = multiplied((-costs).tolist(), kind), crossed(costs, limit(kind))
    assert np.mean(measured) == pytest.approx(np.mean(summed), rel=0.02)
    assert sum(measured) <= len(costs)


def test_the_mean_length_is_that_of_renewal_theory() -> None:
    costs = np.random.default_rng(1).exponential(3.0, 60_000)
    found = _lengths((-costs).tolist(), "float32")
    assert found is not None
    assert found.expected == pytest.approx(limit("float32") / 3 + 1, rel=0.02), "E[x²] = 2 μ² of the exponential law"
    assert found.measured.value == pytest.approx(found.expected, rel=0.03)


def test_a_text_that_is_too_short_has_no_length() -> None:
    assert _lengths([-1.0] * 20, "float32") is None
    assert crossed(np.ones(5), 100.0) == multiplied([-1.0] * 5, "float64") == []


def test_a_product_that_lost_digits_has_no_verdict() -> None:
    whole, lost, gone = product_results([-2.0] * 10), product_results([-9.0] * 11), product_results([-90.0] * 11)
    assert [each.status for each in whole] == ["pass", "pass"]
    assert [each.status for each in lost] == ["info", "pass"]
    assert [each.value for each in gone] == [None, None]


def test_the_test_text_is_long_enough_for_one_kind_at_least(tiny) -> None:
    assert len(excerpt(tiny)) > 500
    assert all(value <= 0 for value in excerpt(tiny))
    assert lengths(tiny)
    assert [result.status for result in underflow_results(tiny)][1::2] == ["pass"] * len(lengths(tiny))
