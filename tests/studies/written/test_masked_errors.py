"""The errors of the two formulas, and how a step of Langevin treats them."""

import math

import pytest

from genloom.studies.written.masked_errors import bayes, errors, growth
from genloom.studies.written.observed_mixture import following, mixture, normal


def test_where_the_data_are_flat_the_following_strength_has_no_error():
    found = errors(normal(0.1, 1e5), 0.5, 500, 0)
    assert found.following < 1e-6
    assert found.constant == pytest.approx(0.5**2 / 0.1**2, rel=1e-6)
    assert found.best == pytest.approx(following(0.5, 0.1), rel=1e-6)
    assert found.hidden == 0


def test_errors_of_a_constant_grow_as_the_square_of_the_noise():
    few, many = (errors(mixture(0.01), sigma, 1000, 0) for sigma in (0.02, 0.04))
    assert math.log2(many.constant / few.constant) == pytest.approx(2, abs=0.1)
    assert many.following < many.constant / 10


def test_bayes_rule_is_exact():
    assert bayes(mixture(0.1), 0.3, 0) < 1e-10


def test_a_step_is_stable_up_to_two():
    assert growth(lambda sigma: 0.0, 0.3, 0.01, 2e-5) == pytest.approx(abs(1 - 0.2))
    assert growth(lambda sigma: sigma**-2, 0.3, 0.01, 0.99e-4) < 1
    assert growth(lambda sigma: 2500.0, 0.3, 0.01, 2e-5) > 1
