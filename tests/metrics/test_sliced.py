import math

import pytest
import torch
from scipy import stats

from genloom.errors import InputError
from genloom.metrics.sliced import sliced_wasserstein, wasserstein
from genloom.rng import generator


def normal(count: int, dimensions: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, dimensions, generator=generator(seed), dtype=torch.float64) + shift


@pytest.mark.parametrize(("n", "m"), [(50, 50), (31, 77), (1, 9), (60, 90)])
def test_w1_is_scipys(n: int, m: int) -> None:
    x, y = normal(n, 1, n)[:, 0], normal(m, 1, m + 1000, 0.5)[:, 0]
    assert wasserstein(x, y, p=1) == pytest.approx(stats.wasserstein_distance(x, y), abs=1e-12)


def test_w2_of_unequal_sizes_is_that_of_repeated_points() -> None:
    x, y = normal(12, 1, 0), normal(18, 1, 1)
    expected = (x.repeat(3, 1).sort(dim=0).values - y.repeat(2, 1).sort(dim=0).values).square().mean().sqrt()
    assert wasserstein(x, y) == pytest.approx(expected.item(), abs=1e-12)


def test_w2_of_normals_has_the_closed_form() -> None:
    # W2²(N(0, 1), N(1, 2²)) = 1² + (2 − 1)²; quantiles in the middle of equal shares stand for the distributions
    u = (torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000
    z = torch.special.ndtri(u)
    assert wasserstein(z, 1 + 2 * z) == pytest.approx(math.sqrt(2), abs=1e-3)


@pytest.mark.parametrize("directions", [2, 7, 256])
def test_a_shift_in_the_plane_is_exactly_its_length_over_root_2(directions: int) -> None:
    x, shift = normal(40, 2, 0), torch.tensor([0.3, -1.1], dtype=torch.float64)
    value = sliced_wasserstein(x, x + shift, directions=directions)
    assert value == pytest.approx(float(shift.norm()) / math.sqrt(2), abs=1e-12)


def test_a_shift_in_five_dimensions_is_its_length_over_root_5_on_average() -> None:
    x, shift = normal(10, 5, 0), torch.tensor([1.0, 0, 0, 0, 0], dtype=torch.float64)
    value = sliced_wasserstein(x, x + shift, directions=100_000)
    assert value == pytest.approx(1 / math.sqrt(5), rel=0.01)


def test_one_column_is_the_distance_itself() -> None:
    x, y = normal(20, 1, 0), normal(33, 1, 1)
    assert sliced_wasserstein(x, y, p=1) == pytest.approx(wasserstein(x, y, p=1), abs=1e-12)


def test_it_is_a_distance_that_the_seed_decides() -> None:
    x, y, z = (normal(30, 2, seed, shift) for seed, shift in ((0, 0), (1, 1), (2, 2)))
    assert sliced_wasserstein(x, x) == 0
    assert sliced_wasserstein(x, y) == pytest.approx(sliced_wasserstein(y, x), abs=1e-14)
    assert sliced_wasserstein(x, z) <= sliced_wasserstein(x, y) + sliced_wasserstein(y, z)
    assert sliced_wasserstein(x, y, seed=1) == sliced_wasserstein(x, y, seed=1)
    assert sliced_wasserstein(x, y, seed=1, directions=8) != sliced_wasserstein(x, y, seed=2, directions=8)


def test_impossible_input_is_refused() -> None:
    x = normal(10, 2, 0)
    with pytest.raises(InputError, match=r"p = 0\.5"):
        sliced_wasserstein(x, x, p=0.5)
    with pytest.raises(InputError, match="directions"):
        sliced_wasserstein(x, x, directions=1)
    with pytest.raises(InputError, match="sliced_wasserstein takes more"):
        wasserstein(x, x)
