import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats

from genloom.errors import InputError
from genloom.metrics.c2st import ClassifierTest, neighbour_test, network_test
from genloom.rng import generator

Test = Callable[..., ClassifierTest]


def normal(count: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, 2, generator=generator(seed), dtype=torch.float64) + shift


def test_the_neighbours_p_values_are_uniform_under_equality() -> None:
    answers = [neighbour_test(normal(120, 2 * s), normal(120, 2 * s + 1), permutations=99, seed=s) for s in range(200)]
    p = torch.tensor([answer.p_value for answer in answers], dtype=torch.float64)
    # accuracies of 240 points are ties in about one permutation of twenty, so p is rather too large than small
    assert (p <= 0.05).double().mean() < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)
    assert stats.kstest(p, "uniform", alternative="greater").pvalue > 0.01
    assert stats.kstest(p, "uniform").statistic < 0.2


def test_the_networks_p_values_are_sound_under_equality() -> None:
    p = [network_test(normal(60, 2 * s), normal(60, 2 * s + 1), seed=s).p_value for s in range(80)]
    assert sum(value <= 0.1 for value in p) / 80 < 0.1 + 3 * math.sqrt(0.09 / 80)


@pytest.mark.parametrize("test", [neighbour_test, network_test])
def test_a_shift_is_found_with_about_the_best_possible_accuracy(test: Test) -> None:
    # the best classifier of N(0, I) against N((1, 1), I) is right Φ(|shift|/2) = Φ(.707) = .760 of the time
    answer = test(normal(1000, 0), normal(1000, 1, 1.0))
    assert answer.p_value < 0.01
    assert 0.72 < answer.value < 0.79
    assert answer.low < answer.value < answer.high
    assert answer.low < stats.norm.cdf(math.sqrt(0.5)) < answer.high + 0.02


@pytest.mark.parametrize("test", [neighbour_test, network_test])
def test_unequal_samples_are_cut_so_that_guessing_gives_one_half(test: Test) -> None:
    answer = test(normal(60, 0), normal(500, 1))
    assert abs(answer.value - 0.5) < 0.2
    assert answer.n == (120 if test is neighbour_test else 60)


@pytest.mark.parametrize("test", [neighbour_test, network_test])
def test_the_seed_decides_and_columns_of_any_unit_count_alike(test: Test) -> None:
    x, y = normal(50, 0), normal(50, 1, 0.3)
    unit = torch.tensor([1e-3, 1e4], dtype=torch.float64)
    assert test(x, y, seed=1) == test(x, y, seed=1)
    assert test(x * unit, y * unit, seed=1).value == pytest.approx(test(x, y, seed=1).value, abs=0.03)


@pytest.mark.parametrize("test", [neighbour_test, network_test])
def test_a_constant_column_is_harmless(test: Test) -> None:
    x, y = torch.ones(30, 2), torch.ones(30, 2)
    assert test(x, y).p_value > 0.05


def test_impossible_input_is_refused() -> None:
    x = normal(20, 0)
    for folds in (1, 21):
        with pytest.raises(InputError, match="folds"):
            neighbour_test(x, x, folds=folds)
    with pytest.raises(InputError, match="permutations"):
        neighbour_test(x, x, permutations=0)
    with pytest.raises(InputError, match="n ≥ 10"):
        network_test(x[:5], x)
