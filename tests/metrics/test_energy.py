import math

import pytest
import torch
from scipy import stats

from genloom.errors import InputError, UnknownName
from genloom.metrics import energy
from genloom.metrics.energy import energy_distance, energy_test
from genloom.rng import generator


def normal(count: int, dimensions: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, dimensions, generator=generator(seed), dtype=torch.float64) + shift


def test_the_v_statistic_is_scipys_squared_in_one_dimension() -> None:
    for n, m in [(50, 50), (31, 77), (2, 5)]:
        x, y = normal(n, 1, n), normal(m, 1, m + 1000, 0.5)
        expected = stats.energy_distance(x[:, 0], y[:, 0]) ** 2
        assert energy_distance(x, y, "v") == pytest.approx(expected, abs=1e-12)


def test_two_shifted_normals_have_the_closed_form() -> None:
    # E|N(μ, s²)| is the mean of a folded normal; here X − Y ~ N(1, 2) and X − X' ~ N(0, 2)
    s = math.sqrt(2)
    apart = s * math.sqrt(2 / math.pi) * math.exp(-1 / 4) + math.erf(1 / 2)
    expected = 2 * apart - 2 * s * math.sqrt(2 / math.pi)
    values = [energy_distance(normal(500, 1, seed), normal(500, 1, seed + 100, 1.0)) for seed in range(20)]
    error = torch.tensor(values).std() / math.sqrt(20)
    assert abs(sum(values) / 20 - expected) < 4 * error


def test_the_u_statistic_is_unbiased_and_the_v_statistic_is_not() -> None:
    pairs = [(normal(20, 2, seed), normal(20, 2, seed + 1000)) for seed in range(300)]
    u = torch.tensor([energy_distance(x, y) for x, y in pairs])
    v = torch.tensor([energy_distance(x, y, "v") for x, y in pairs])
    assert abs(u.mean()) < 4 * u.std() / math.sqrt(300)
    bias = 2 * math.sqrt(math.pi) / 20  # E‖X − X'‖ = √π for 2-D standard normals, 1/n of it from each sample
    assert abs(v.mean() - bias) < 4 * v.std() / math.sqrt(300)
    assert v.min() >= 0


def test_it_is_symmetric_and_does_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normal(40, 3, 0), normal(23, 3, 1)
    whole = energy_distance(x, y)
    monkeypatch.setattr(energy, "_BLOCK", 50)
    assert energy_distance(x, y) == pytest.approx(whole, abs=1e-14)
    assert energy_distance(y, x) == pytest.approx(whole, abs=1e-14)


def test_equal_samples_are_at_v_distance_zero() -> None:
    assert energy_distance(normal(30, 2, 0), normal(30, 2, 0), "v") == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("statistic", ["u", "v"])
def test_the_tests_value_is_the_distance(statistic: energy.Statistic) -> None:
    x, y = normal(60, 2, 0), normal(41, 2, 1)
    answer = energy_test(x, y, permutations=5, statistic=statistic)
    assert answer.value == pytest.approx(energy_distance(x, y, statistic), abs=1e-13)
    assert (answer.n, answer.m) == (60, 41)


def test_permuted_values_are_those_of_permuted_samples() -> None:
    pooled = normal(12, 2, 0)
    sums = energy._permuted_sums(energy._distances(pooled, pooled), 5, 7, seed=3)
    keys = torch.rand((7, 12), generator=generator(3, 12, 5), dtype=torch.float64).argsort(dim=1)
    values = energy._statistic(sums, 5, 7, "u")
    for row, value in zip(keys, values[1:], strict=True):
        assert value.item() == pytest.approx(energy_distance(pooled[row[:5]], pooled[row[5:]]), abs=1e-13)


def test_p_values_are_uniform_when_both_samples_have_one_distribution() -> None:
    p = [energy_test(normal(30, 2, 2 * s), normal(25, 2, 2 * s + 1), permutations=99, seed=s).p_value
         for s in range(300)]
    jitter = torch.rand(300, generator=generator(0), dtype=torch.float64) / 100  # p has steps of 1/100
    assert stats.kstest(torch.tensor(p).double() - jitter, "uniform").pvalue > 0.01


def test_a_shift_is_found_and_more_points_find_a_smaller_one() -> None:
    assert energy_test(normal(100, 2, 0), normal(100, 2, 1, 0.7)).p_value == 1 / 501
    assert energy_test(normal(1000, 2, 0), normal(1000, 2, 1, 0.2), permutations=99).p_value == 1 / 100


def test_ties_count_as_large_so_that_a_constant_sample_is_no_evidence() -> None:
    assert energy_test(torch.ones(10, 2), torch.ones(10, 2), permutations=20).p_value == 1


def test_the_seed_decides() -> None:
    x, y = normal(50, 2, 0), normal(50, 2, 1)
    assert energy_test(x, y, seed=1) == energy_test(x, y, seed=1)
    assert len({energy_test(x, y, seed=seed).p_value for seed in range(5)}) > 1


def test_impossible_input_is_refused() -> None:
    x = normal(10, 2, 0)
    with pytest.raises(InputError, match="permutations"):
        energy_test(x, x, permutations=0)
    with pytest.raises(InputError, match="in all"):
        energy_test(torch.zeros(9000, 2), torch.zeros(2000, 2))
    with pytest.raises(UnknownName, match="statistic"):
        energy_distance(x, x, "w")  # type: ignore[arg-type]
