import math

import pytest
import torch
from scipy import stats

from genloom.data.density import Boxes, Gaussians
from genloom.rng import generator


def two_boxes() -> Boxes:
    low = torch.tensor([[0.0, 0.0], [1.0, 0.0]]).double()
    high = torch.tensor([[1.0, 1.0], [3.0, 1.0]]).double()
    return Boxes(low, high, torch.tensor([0.25, 0.75]).double())


def test_density_of_boxes_is_weight_over_volume() -> None:
    x = torch.tensor([[0.5, 0.5], [2.0, 0.5], [9.0, 0.0]]).double()
    expected = torch.tensor([math.log(0.25), math.log(0.375), -math.inf], dtype=torch.float64)
    torch.testing.assert_close(two_boxes().log_density(x), expected, rtol=1e-14, atol=0)


def test_a_border_belongs_to_a_box_and_the_outside_to_none() -> None:
    x = torch.tensor([[0.0, 0.0], [1.0, 1.0], [3.0, 1.0], [3.1, 1.0]])
    assert two_boxes().locate(x).tolist() == [0, 0, 1, -1]


def test_samples_of_boxes_have_the_mean_and_the_shares_of_the_mixture() -> None:
    points, box = two_boxes().sample(40_000, generator(0))
    assert torch.equal(two_boxes().locate(points), box)  # no draw lies on a border
    assert abs(float((box == 1).double().mean()) - 0.75) < 4 * math.sqrt(0.75 * 0.25 / 40_000)
    mean = torch.tensor([0.25 * 0.5 + 0.75 * 2, 0.5]).double()
    assert (points.mean(0) - mean).abs().max() < 4 * points.std(0).max() / 200


def correlated() -> Gaussians:
    means = torch.tensor([[0.0, 0.0], [2.0, -1.0]]).double()
    covariances = torch.tensor([[[1.0, 0.6], [0.6, 0.5]], [[0.2, 0.0], [0.0, 0.1]]]).double()
    return Gaussians(means, covariances, torch.tensor([0.3, 0.7]).double())


def test_density_of_gaussians_agrees_with_scipy() -> None:
    mixture, x = correlated(), torch.randn(50, 2, generator=generator(1), dtype=torch.float64)
    densities = [w * stats.multivariate_normal(m, c).pdf(x) for m, c, w in
                 zip(mixture.means.numpy(), mixture.covariances.numpy(), mixture.weights.tolist(), strict=True)]
    torch.testing.assert_close(mixture.log_density(x).exp(), torch.as_tensor(sum(densities)), rtol=1e-12, atol=0)


def test_samples_of_gaussians_have_the_components_moments() -> None:
    points, component = correlated().sample(60_000, generator(2))
    first = points[component == 0]
    assert len(first) / 60_000 == pytest.approx(0.3, abs=0.008)
    torch.testing.assert_close(first.T.cov(), correlated().covariances[0], atol=0.03, rtol=0)
