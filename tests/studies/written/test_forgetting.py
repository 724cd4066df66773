"""A chain of equal steps, its rates and its bounds."""

import math

import pytest

from genloom.studies.written import forgetting
from genloom.studies.written.forgetting import HEAVY, PAIR, POINT, STARTS, C, factor, late, mean_divergence, rate, walk
from genloom.studies.written.starts import divergence, wasserstein


def test_a_power_has_its_rate() -> None:
    assert rate([3 * 0.9**t for t in range(2, 12)], list(range(2, 12))) == pytest.approx(math.log(0.9))


@pytest.mark.parametrize("c", forgetting.SIZES)
def test_late_steps_are_where_little_is_left(c) -> None:
    steps = late(c)
    assert len(set(steps)) == len(steps) >= 3
    assert factor(c, steps[0]) <= 1e-2 * (1 + 1e-9)
    assert factor(c, steps[-1]) >= 1e-4 * math.sqrt(1 - c) * (1 - 1e-9)


def test_the_divergence_of_a_mixture_is_at_most_the_mean() -> None:
    a = factor(C, 5)
    assert divergence(POINT, a) == pytest.approx(mean_divergence(9.0, a), rel=1e-9)
    assert all(divergence(start, a) < mean_divergence(start.second, a) for start in STARTS[1:])


def test_a_start_whose_mean_is_zero_is_twice_as_fast() -> None:
    a = factor(C, 60)
    assert wasserstein(PAIR, a) == pytest.approx(1.5 * a * a, rel=0.02)


def test_walkers_follow_the_closed_law_whatever_the_seed() -> None:
    for seed in (1, 2):
        seen = walk(PAIR, seed, walkers=5000)
        assert max(seen.misfit) < 2.5
        for t, (value, error) in zip(forgetting.TIMES, seen.divergence, strict=True):
            assert value == pytest.approx(divergence(PAIR, factor(C, t)), abs=5 * error)
    assert all(math.isinf(each) for each in walk(HEAVY, 1, walkers=5000).distance)


def test_walks_are_functions_of_their_seed() -> None:
    assert walk(POINT, 3, walkers=500) == walk(POINT, 3, walkers=500) != walk(POINT, 4, walkers=500)
