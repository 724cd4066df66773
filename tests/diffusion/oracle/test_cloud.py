import math

import pytest
import torch

from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.schedule import exponential
from genloom.errors import InputError


def _direct(points, x, alpha, sigma):
    square = (x[:, None] - alpha * points).square().sum(-1)
    log_kernel = -square / (2 * sigma**2) - points.shape[1] * (math.log(sigma) + 0.5 * math.log(2 * math.pi))
    weights = log_kernel.softmax(1)
    return weights @ points, log_kernel.logsumexp(1) - math.log(len(points))


@pytest.mark.parametrize("offset", [0.0, 1000.0])
@pytest.mark.parametrize("sigma", [1e-6, 1e-3, 0.01, 1.0, 80.0])
def test_both_ways_to_square_a_distance_agree_with_the_definition(sigma, offset):
    """The expanded square and the differences, also far from the origin, where the former would cancel."""
    generator = torch.Generator().manual_seed(0)
    points = offset + torch.rand(200, 2, generator=generator, dtype=torch.float64)
    x = points[:50] + sigma * torch.randn(50, 2, generator=generator, dtype=torch.float64)
    oracle = CloudOracle(exponential(), points)
    x0, log_density = _direct(points, x, 1.0, sigma)
    tolerance = 1e-9 if offset == 0 else 1e-9 + 1e-10 / sigma
    assert torch.allclose(oracle.estimate_at(x, 1.0, sigma).x0, x0, atol=tolerance)
    assert torch.allclose(oracle.log_density_at(x, 1.0, sigma), log_density, rtol=1e-9, atol=tolerance)


def test_images_are_points_too():
    images = torch.randn(30, 1, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    oracle = CloudOracle(exponential(), images)
    x = images[:5] + 0.1
    x0, _ = _direct(images.flatten(1), x.flatten(1), 1.0, 0.5)
    assert torch.allclose(oracle.estimate_at(x, 1.0, 0.5).x0, x0.reshape(5, 1, 4, 4), atol=1e-12)
    assert oracle.sample(3, torch.Generator()).shape == (3, 1, 4, 4)
    assert oracle.dim == 16


def test_far_away_the_nearest_point_wins():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    oracle = CloudOracle(exponential(), points)
    x = torch.tensor([[1e6, 3.0]], dtype=torch.float64)
    assert torch.equal(oracle.estimate_at(x, 1.0, 1.0).x0, points[1:].double())
    assert oracle.log_density_at(x, 1.0, 1.0).isfinite().all()


def test_points_have_no_density_without_noise():
    with pytest.raises(InputError, match="sigma"):
        CloudOracle(exponential(), torch.zeros(2, 2)).log_density_at(torch.zeros(1, 2), 1.0, 0.0)
