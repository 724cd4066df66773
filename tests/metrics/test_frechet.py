import math

import numpy as np
import pytest
import torch
from scipy import linalg
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.features import Moments, moments
from genloom.metrics.frechet import frechet_distance, frechet_interval, small_sample_note
from genloom.rng import generator


def normal(n: int, dim: int, seed: int) -> Tensor:
    return torch.randn(n, dim, generator=generator(seed), dtype=torch.float64)


def gaussian(mean: Tensor, covariance: Tensor) -> Moments:
    return Moments(mean, covariance, 100)


def by_root_of_the_product(a: Moments, b: Moments) -> float:
    """The formula as published, with scipy's root of a matrix."""
    root = linalg.sqrtm((a.covariance @ b.covariance).numpy())
    return float((a.mean - b.mean).square().sum() + (a.covariance + b.covariance).trace() - 2 * np.trace(root).real)


def test_two_gaussians_on_a_line() -> None:
    a = gaussian(torch.tensor([1.0]).double(), torch.tensor([[4.0]]).double())
    b = gaussian(torch.tensor([-2.0]).double(), torch.tensor([[0.25]]).double())
    assert frechet_distance(a, b) == pytest.approx(9 + (2 - 0.5) ** 2, abs=1e-12)


def test_covariances_that_commute() -> None:
    """Σ = U diag(λ) Uᵀ and U diag(κ) Uᵀ: d² = ‖δ‖² + Σ (√λ − √κ)²."""
    axes = torch.linalg.qr(normal(6, 6, 0))[0]
    first, second, shift = (normal(1, 6, seed)[0].abs() for seed in (1, 2, 3))
    a = gaussian(torch.zeros(6).double(), axes * first @ axes.T)
    b = gaussian(shift, axes * second @ axes.T)
    expected = shift.square().sum() + (first.sqrt() - second.sqrt()).square().sum()
    assert frechet_distance(a, b) == pytest.approx(expected.item(), abs=1e-12)


def test_an_optimal_map_gives_its_own_cost() -> None:
    """y = A x with A symmetric positive definite is the optimal map, so d² = E‖x − A x‖² = tr (I − A) Σ (I − A)."""
    root, factor = normal(5, 5, 0), normal(5, 5, 1)
    covariance, map_ = root @ root.T, factor @ factor.T
    zero, rest = torch.zeros(5).double(), torch.eye(5).double() - map_
    cost = (rest @ covariance @ rest).trace().item()
    found = frechet_distance(gaussian(zero, covariance), gaussian(zero, map_ @ covariance @ map_))
    assert found == pytest.approx(cost, rel=1e-12)


@pytest.mark.parametrize("dim", [8, 64])
def test_it_is_the_published_formula(dim: int) -> None:
    x, y = normal(300, dim, 0), normal(200, dim, 1) @ normal(dim, dim, 2) / dim**0.5 + 0.3
    a, b = moments(x), moments(y)
    assert frechet_distance(a, b) == pytest.approx(by_root_of_the_product(a, b), rel=1e-10)


def test_a_fixed_case_agrees_with_other_libraries() -> None:
    """Features by a formula; the number is clean-fid's (0.1.35), pytorch-fid's (0.3.0) and torchmetrics' (1.9.0)."""
    i, j = torch.arange(40, dtype=torch.float64)[:, None], torch.arange(6, dtype=torch.float64)[None]
    x, y = torch.sin(1 + 3 * i + 7 * j + i * j), 0.2 + torch.cos(2 + 5 * i + 11 * j + 0.5 * i * j)
    assert frechet_distance(moments(x), moments(y)) == pytest.approx(0.2430172217355553, rel=1e-10)


def test_fewer_points_than_features_are_exact() -> None:
    """Covariances of rank n − 1: the cross term is the nuclear norm of X₁ X₂ᵀ, which needs no root at all."""
    x, y = normal(20, 100, 0), 1.5 * normal(30, 100, 1)
    a, b = moments(x), moments(y)
    cross = (x - a.mean) @ (y - b.mean).T / math.sqrt(19 * 29)
    expected = (a.mean - b.mean).square().sum() + (a.covariance + b.covariance).trace()
    expected = expected - 2 * torch.linalg.svdvals(cross).sum()
    assert frechet_distance(a, b) == pytest.approx(expected.item(), rel=1e-12)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-10)


def test_constant_features_leave_only_the_shift() -> None:
    still = moments(torch.ones(5, 3))
    assert frechet_distance(still, moments(torch.zeros(4, 3))) == 3
    x = moments(normal(50, 3, 0))
    assert frechet_distance(x, still) == pytest.approx(
        ((x.mean - 1).square().sum() + x.covariance.trace()).item(), abs=1e-12)


def test_it_is_symmetric_and_its_root_obeys_the_triangle() -> None:
    sets = [moments(normal(40, 4, seed) * (1 + seed) + seed) for seed in range(3)]
    d = [[frechet_distance(a, b) for a in sets] for b in sets]
    assert d[0][1] == pytest.approx(d[1][0], rel=1e-12)
    assert math.sqrt(d[0][2]) <= math.sqrt(d[0][1]) + math.sqrt(d[1][2])


def test_the_bias_falls_as_one_over_n() -> None:
    """Equal distributions: N times the mean distance from the exact moments tends to a constant."""
    exact = gaussian(torch.zeros(5).double(), torch.eye(5).double())
    means = {n: sum(frechet_distance(moments(normal(n, 5, 100 * n + k)), exact) for k in range(100)) / 100
             for n in (100, 400)}
    assert 3.5 < means[100] / means[400] < 4.5


def test_the_interval_is_around_the_distance_itself() -> None:
    x, y = normal(100, 6, 0) + 0.5, moments(normal(90, 6, 1))
    found = frechet_interval(x, y)
    assert found.value == pytest.approx(frechet_distance(moments(x), y), rel=1e-12)
    assert found.low < found.value < found.high
    wide = frechet_interval(normal(20, 60, 2), moments(normal(40, 60, 3)))  # fewer points than features
    assert wide.value == pytest.approx(frechet_distance(moments(normal(20, 60, 2)), moments(normal(40, 60, 3))))


def test_the_interval_holds_the_mean_of_other_samples_in_95_percent() -> None:
    target, count = moments(normal(200, 3, 9)), 100
    samples = [1.2 * normal(count, 3, 1000 + k) + 0.4 for k in range(300)]
    found = [frechet_interval(x, target) for x in samples]
    mean = sum(one.value for one in found) / len(found)
    inside = sum(one.low <= mean <= one.high for one in found) / len(found)
    assert 0.90 < inside < 0.985


def test_few_pictures_take_fewer_groups() -> None:
    assert frechet_interval(normal(6, 2, 0), moments(normal(9, 2, 1))).n == 6


def test_a_small_sample_says_so() -> None:
    assert "singular" in small_sample_note(256, 2048)
    assert "N = 64" in small_sample_note(64, 64)  # the covariance of 64 points has rank 63
    assert small_sample_note(65, 64) == ""


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="features"):
        frechet_distance(moments(normal(9, 2, 0)), moments(normal(9, 3, 0)))
    with pytest.raises(InputError, match="features"):
        frechet_interval(normal(9, 2, 0), moments(normal(9, 3, 0)))
    with pytest.raises(InputError, match="groups"):
        frechet_interval(normal(9, 2, 0), moments(normal(9, 2, 0)), groups=1)
    with pytest.raises(InputError, match="n ≥ 4"):
        frechet_interval(normal(3, 2, 0), moments(normal(9, 2, 0)))
