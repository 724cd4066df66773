import math

import pytest
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics import coverage as module
from genloom.metrics.coverage import coverage, expected_coverage
from genloom.rng import generator


def normal(n: int, dim: int, seed: int) -> Tensor:
    return torch.randn(n, dim, generator=generator(seed), dtype=torch.float64)


def line(*places: float) -> Tensor:
    return torch.tensor(places, dtype=torch.float64)[:, None]


def test_a_case_that_can_be_counted_by_hand() -> None:
    """Real 0, 1, 3 reach 1, 1, 2 (k = 1); generated 0.5, 4.5, 9 reach 4, 4, 4.5."""
    found = coverage(line(0.5, 4.5, 9), line(0, 1, 3), neighbours=1)
    assert found.precision == pytest.approx(2 / 3)  # 0.5 in [−1, 1], 4.5 in [1, 5], 9 in none
    assert found.recall == 1  # 0 and 1 are within 4 of 0.5, 3 within 4 of 4.5
    assert found.density == pytest.approx((2 + 1 + 0) / 3)  # 0.5 also in [0, 2]
    assert found.coverage == 1
    far = coverage(line(100, 101, 102), line(0, 1, 3), neighbours=1)
    assert far[:4] == (0, 0, 0, 0)


def test_copies_are_inside_and_equal_sets_are_perfect() -> None:
    x = 50 + normal(40, 6, 0)
    found = coverage(x, x, neighbours=3)
    assert found[:4] == pytest.approx((1, 1, 4 / 3, 1))  # a copy lies at its own centre and in 3 balls on average
    doubled = torch.cat((x[:10], x[:10]))  # radius 0: only exact copies are inside
    assert coverage(doubled, doubled, neighbours=1)[:4] == (1, 1, 2, 1)


@pytest.mark.parametrize(("real", "generated", "neighbours"), [(60, 60, 5), (80, 30, 3), (30, 90, 1)])
def test_the_means_for_equal_distributions(real: int, generated: int, neighbours: int) -> None:
    """E[density] = 1 and E[coverage] = 1 − ∏ (N − i)/(N + M − i), whatever the law. [Naeem 2020, Lemmas 1, 2]"""
    found = [coverage(normal(generated, 4, 2 * s).exp(), normal(real, 4, 2 * s + 1).exp(), neighbours=neighbours)
             for s in range(200)]
    for name, expected in (("density", 1.0), ("coverage", expected_coverage(real, generated, neighbours))):
        values = torch.tensor([getattr(one, name) for one in found]).double()
        assert values.mean().item() == pytest.approx(expected, abs=4 * values.std().item() / math.sqrt(200))


def test_expected_coverage_of_one_neighbour_and_of_many_points() -> None:
    assert expected_coverage(10, 10, 1) == pytest.approx(1 - 9 / 19)
    assert expected_coverage(10**7, 10**7, 5) == pytest.approx(1 - 2**-5, abs=1e-6)


def test_lost_modes_lower_recall_and_coverage_and_noise_lowers_precision_and_density() -> None:
    real = normal(300, 2, 0) + 8 * torch.randint(2, (300, 1), generator=generator(1))
    one_mode = coverage(normal(300, 2, 2), real)
    assert one_mode.precision > 0.9
    assert one_mode.coverage < 0.6
    assert one_mode.recall < 0.6
    noise = coverage(4 + 20 * normal(300, 2, 3), real)
    assert noise.precision < 0.3
    assert noise.density < 0.3


def test_one_outlier_inflates_precision_but_not_density() -> None:
    real, generated = normal(200, 2, 0), 40 + normal(200, 2, 1)
    wild = torch.cat((real, line(80, 80).T))
    assert coverage(generated, wild).precision > 0.99
    assert coverage(generated, wild).density < 0.25  # 1 ball of k = 5
    assert coverage(generated, wild).coverage == pytest.approx(1 / 201)


def test_blocks_do_not_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normal(70, 3, 0), normal(50, 3, 1)
    whole = coverage(x, y)
    monkeypatch.setattr(module, "_BLOCK", 300)
    assert coverage(x, y) == whole


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="generated"):
        coverage(normal(9, 3, 0), normal(9, 4, 0))
    for neighbours in (0, 9):
        with pytest.raises(InputError, match="from 1 to 8"):
            coverage(normal(9, 3, 0), normal(12, 3, 0), neighbours=neighbours)
