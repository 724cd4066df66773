import math

import pytest
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics import kid as module
from genloom.metrics.kid import kernel_distance, kid
from genloom.rng import generator


def normal(n: int, dim: int, seed: int) -> Tensor:
    return torch.randn(n, dim, generator=generator(seed), dtype=torch.float64)


def by_loops(x: Tensor, y: Tensor) -> float:
    """The definition, pair by pair."""
    def k(a: Tensor, b: Tensor) -> float:
        return (float(a @ b) / len(a) + 1) ** 3

    n, m = len(x), len(y)
    xx = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return xx + yy - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


def test_it_is_the_double_sum() -> None:
    x, y = normal(12, 3, 0), normal(9, 3, 1) + 0.5
    assert kernel_distance(x, y).value == pytest.approx(by_loops(x, y), abs=1e-13)
    assert kid(x, y, subsets=1, size=100).value != kernel_distance(x, y).value  # 9 of the 12
    assert kid(x[:9], y, subsets=3).value == pytest.approx(by_loops(x[:9], y), abs=1e-13)


def test_its_error_is_that_of_leaving_each_point_out() -> None:
    x, y = normal(8, 3, 0), normal(6, 3, 1) + 0.5
    variance = 0.0
    for count, without in ((8, [by_loops(torch.cat([x[:i], x[i + 1:]]), y) for i in range(8)]),
                           (6, [by_loops(x, torch.cat([y[:i], y[i + 1:]])) for i in range(6)])):
        variance += (count - 1) * torch.tensor(without, dtype=torch.float64).var(correction=0).item()
    assert kernel_distance(x, y).stderr == pytest.approx(math.sqrt(variance), rel=1e-9)


def test_blocks_do_not_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normal(50, 4, 0), normal(40, 4, 1)
    whole = kernel_distance(x, y)
    monkeypatch.setattr(module, "_BLOCK", 100)
    assert kernel_distance(x, y) == pytest.approx(whole, rel=1e-12)


def test_a_fixed_case_agrees_with_other_libraries() -> None:
    """The sets of `test_frechet`; clean-fid 0.1.35 and torchmetrics 1.9.0 with one subset of all 40."""
    i, j = torch.arange(40, dtype=torch.float64)[:, None], torch.arange(6, dtype=torch.float64)[None]
    x, y = torch.sin(1 + 3 * i + 7 * j + i * j), 0.2 + torch.cos(2 + 5 * i + 11 * j + 0.5 * i * j)
    assert kernel_distance(x, y).value == pytest.approx(-0.011266733007530227, rel=1e-10)


def test_the_exact_value_for_a_shift() -> None:
    """Points a·1 against b·1 in any D are constants: k(a, b) = (ab + 1)³, and nothing is random."""
    a, b = torch.full((5, 7), 0.5).double(), torch.full((6, 7), -1.0).double()
    expected = 1.25**3 + 2**3 - 2 * 0.5**3
    assert kernel_distance(a, b) == pytest.approx((expected, 0, 0), abs=1e-12)


def test_it_is_unbiased_and_its_error_is_honest() -> None:
    """Equal distributions: the mean over 400 pairs of sets is 0, and values are 1 standard error wide."""
    found = [kernel_distance(normal(60, 4, 2 * s), normal(50, 4, 2 * s + 1)) for s in range(400)]
    values = torch.tensor([one.value for one in found])
    assert abs(values.mean().item()) < 3 * values.std().item() / math.sqrt(400)
    apart = [kernel_distance(normal(60, 4, 2 * s), normal(50, 4, 2 * s + 1) + 0.5) for s in range(300)]
    spread = torch.tensor([one.value for one in apart]).std().item()
    error = sum(one.stderr for one in apart) / 300
    assert 0.85 < error / spread < 1.2


def test_the_mean_is_that_of_the_moments() -> None:
    """E(x·x'/D + 1)³ for independent N(0, I): 1 + 3 E(x·x')²/D² = 1 + 3/D; of N(0, I) from N(0, 4I): 3/D (1 − 4)²."""
    found = torch.tensor([kernel_distance(normal(200, 3, 2 * s), 2 * normal(200, 3, 2 * s + 1)).value
                          for s in range(200)])
    assert found.mean().item() == pytest.approx(9, abs=4 * found.std().item() / math.sqrt(200))


def test_subsets_have_a_spread_and_a_seed() -> None:
    x, y = normal(100, 4, 0), normal(100, 4, 1) + 0.3
    found = kid(x, y, subsets=20, size=30)
    assert found.spread > 0
    assert found.stderr == kernel_distance(x, y).stderr
    assert found == kid(x, y, subsets=20, size=30)
    assert found.value != kid(x, y, subsets=20, size=30, seed=1).value
    assert found.value == pytest.approx(kernel_distance(x, y).value, abs=3 * found.spread)


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="3 features"):
        kernel_distance(normal(9, 3, 0), normal(9, 4, 0))
    with pytest.raises(InputError, match="n ≥ 3"):
        kernel_distance(normal(2, 3, 0), normal(9, 3, 0))
    with pytest.raises(InputError, match="subsets"):
        kid(normal(9, 3, 0), normal(9, 3, 0), subsets=0)
