import math

import pytest
import torch
from scipy.stats import truncnorm

from genloom.diffusion.oracle.boxes import BoxOracle, square
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.schedule import EDM, Rectified, exponential, linear
from genloom.errors import InputError


def test_the_posterior_is_a_truncated_normal():
    oracle = square(exponential())
    x = torch.tensor([[0.0, 0.3], [1.2, -0.9], [2.0, -3.0]], dtype=torch.float64)
    for alpha, sigma in ((1.0, 0.2), (0.6, 0.8), (0.1, 0.99)):
        mean, std = x.numpy() / alpha, sigma / alpha
        expected = truncnorm.mean((-1 - mean) / std, (1 - mean) / std, loc=mean, scale=std)
        assert torch.allclose(oracle.estimate_at(x, alpha, sigma).x0, torch.from_numpy(expected), atol=1e-9)


@pytest.mark.parametrize("distance", [10, 50, 1000])
def test_tails_follow_the_asymptotic_series(distance):
    """x lies k σ right of [−1, 1]: log p ≈ log φ(k)/(2k) with 1 − 1/k² + 3/k⁴, and E[x0] ≈ 1 − σ/k·(1 − 2/k²)."""
    sigma = 0.05
    oracle = BoxOracle(exponential(), torch.tensor([[-1.0]]), torch.tensor([[1.0]]))
    x = torch.tensor([[1 + distance * sigma]], dtype=torch.float64)
    k = float(distance)
    log_tail = -0.5 * k**2 - 0.5 * math.log(2 * math.pi) - math.log(k) + math.log1p(-1 / k**2 + 3 / k**4 - 15 / k**6)
    assert oracle.log_density_at(x, 1.0, sigma).item() == pytest.approx(log_tail - math.log(2), rel=1e-7)
    inside = 1 - oracle.estimate_at(x, 1.0, sigma).x0.item()
    assert inside == pytest.approx(sigma / k * (1 - 2 / k**2 + 10 / k**4), rel=2e-4)


def test_without_noise_the_density_is_the_area_and_the_estimate_the_nearest_point():
    oracle = square(linear(100))
    x = torch.tensor([[0.0, 0.0], [0.999, -0.999], [1.5, 0.25]], dtype=torch.float64)
    log_density = oracle.log_density(x, 0.0)
    assert log_density[:2].tolist() == pytest.approx([-math.log(4)] * 2, abs=1e-12)
    assert log_density[2] < -1e100
    assert torch.allclose(oracle(x, 0.0).x0, x.clamp(-1, 1))


def test_zero_terminal_snr_gives_the_mean_and_a_standard_normal():
    oracle = BoxOracle(Rectified(), torch.tensor([[0.0, 1.0]]), torch.tensor([[2.0, 5.0]]))
    x = torch.tensor([[3.0, -2.0]], dtype=torch.float64)
    x0, eps = oracle(x, 1.0)
    assert torch.equal(eps, x)
    assert torch.allclose(x0, torch.tensor([[1.0, 3.0]], dtype=torch.float64))
    assert oracle.log_density(x, 1.0).item() == pytest.approx(-6.5 - math.log(2 * math.pi))


def test_wide_noise_does_not_cancel():
    """σ = 80 times a box of width 0.02: x0 varies by a millionth of the box and is still right to nine digits of it."""
    oracle = BoxOracle(EDM(), torch.tensor([[0.99]]), torch.tensor([[1.01]]))
    x = torch.tensor([[100.0]], dtype=torch.float64)
    low, high = oracle.low.item(), oracle.high.item()
    expected = (low + high) / 2 + (high - low) ** 2 / 12 * (100 - (low + high) / 2) / 80**2
    assert oracle(x, 1.0).x0.item() == pytest.approx(expected, abs=1e-13)


def test_overlapping_boxes_are_a_mixture_and_flat_boxes_are_allowed():
    schedule = exponential()
    low, high = torch.tensor([[-1.0, 0.0], [-0.5, 0.0]]), torch.tensor([[0.5, 1.0], [1.0, 0.0]])
    oracle = BoxOracle(schedule, low, high, torch.tensor([0.3, 0.7]))
    generator = torch.Generator().manual_seed(0)
    cloud = CloudOracle(schedule, oracle.sample(100_000, generator))
    x = torch.randn(20, 2, generator=generator, dtype=torch.float64)
    assert torch.allclose(oracle.log_density(x, 0.9), cloud.log_density(x, 0.9), atol=0.03)
    assert torch.allclose(oracle(x, 0.9).x0, cloud(x, 0.9).x0, atol=0.03)


def test_default_weights_make_disjoint_boxes_one_uniform_region():
    schedule = exponential()
    whole = square(schedule)
    parts = BoxOracle(schedule, torch.tensor([[-1.0, -1.0], [0.2, -1.0], [0.2, 0.5]]),
                      torch.tensor([[0.2, 1.0], [1.0, 0.5], [1.0, 1.0]]), box_labels=torch.tensor([0, 1, 2]))
    x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2
    for t in (0.0, 0.4, 1.0):
        assert torch.allclose(parts.log_density(x, t), whole.log_density(x, t), rtol=1e-5, atol=1e-6)  # 0.2 in float32
        assert torch.allclose(parts(x, t).x0, whole(x, t).x0, atol=1e-5)


def test_shared_sides_are_computed_once():
    low = torch.cartesian_prod(torch.arange(5.0), torch.arange(4.0))
    oracle = BoxOracle(exponential(), low, low + 1)
    assert len(oracle._axis) == 9
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 2
    whole = BoxOracle(exponential(), torch.zeros(1, 2), torch.tensor([[5.0, 4.0]]))
    assert torch.allclose(oracle(x, 0.8).x0, whole(x, 0.8).x0, atol=1e-12)


def test_corners_in_the_wrong_order_are_refused():
    with pytest.raises(InputError, match="low ≤ high"):
        BoxOracle(exponential(), torch.ones(1, 2), torch.zeros(1, 2))
