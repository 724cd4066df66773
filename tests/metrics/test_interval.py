import math

import pytest
import torch
from scipy import stats

from genloom.errors import InputError
from genloom.metrics.interval import bootstrap_interval, mean_interval, wilson_interval
from genloom.rng import generator


def test_the_t_interval_is_scipys() -> None:
    values = [1.0, 2.0, 4.0, 8.0]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    interval = mean_interval(values, level=0.9)
    assert interval[:3] == pytest.approx((3.75, expected.low, expected.high), abs=1e-12)
    assert interval.n == 4


def test_the_t_interval_covers_the_mean_as_often_as_it_says() -> None:
    samples = torch.randn(2000, 5, generator=generator(0), dtype=torch.float64)
    covered = sum(interval.low <= 0 <= interval.high for interval in map(mean_interval, samples))
    assert abs(covered / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_one_value_says_nothing_about_the_next() -> None:
    assert mean_interval([3.0]) == (3.0, -math.inf, math.inf, 1)


def test_the_bootstrap_of_a_mean_agrees_with_the_normal_interval_for_many_values() -> None:
    values = torch.randn(2000, generator=generator(1), dtype=torch.float64)
    interval, error = bootstrap_interval(values), float(values.std()) / math.sqrt(2000)
    assert interval.value == pytest.approx(float(values.mean()), abs=1e-12)
    assert interval.low == pytest.approx(interval.value - 1.96 * error, abs=0.15 * error)
    assert interval.high == pytest.approx(interval.value + 1.96 * error, abs=0.15 * error)


def test_the_bootstrap_takes_any_statistic_and_its_seed_decides() -> None:
    values = torch.arange(101).double()
    median = bootstrap_interval(values, lambda rows: rows.median(dim=-1).values, seed=3)
    assert median.value == 50
    assert median.low < 50 < median.high
    assert median == bootstrap_interval(values, lambda rows: rows.median(dim=-1).values, seed=3)


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 10), (10, 10), (499, 1000)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_wilson_interval_is_scipys(successes: int, n: int, level: float) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    interval = wilson_interval(successes, n, level)
    assert interval[:3] == pytest.approx((successes / n, expected.low, expected.high), abs=1e-12)
    assert interval.low <= interval.value <= interval.high


def test_impossible_input_is_refused() -> None:
    for wrong in ([], [math.nan], [1.0, math.inf]):
        with pytest.raises(InputError, match="values"):
            mean_interval(wrong)
    for successes, n in ((1, 0), (-1, 5), (6, 5)):
        with pytest.raises(InputError, match="successes"):
            wilson_interval(successes, n)
    with pytest.raises(InputError, match="level"):
        mean_interval([1.0, 2.0], level=95)
    with pytest.raises(InputError, match="draws"):
        bootstrap_interval(torch.ones(3), draws=5)
