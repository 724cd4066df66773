import math

import pytest
import torch
from torch.distributions import Normal

from genloom.diffusion import schedule as schedules
from genloom.diffusion.oracle.boxes import square
from genloom.diffusion.prior import GaussianPrior, OraclePrior, cloud_prior, moment_matched, standard_prior
from genloom.errors import InputError
from genloom.rng import SampleNoise

POINTS = torch.rand(3000, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_moment_matched_prior_of_the_square_has_variance_four_thirds():
    """σ(1)² + Var = 1 + 1/3 for a variance-exploding process; a variance-preserving one stays near 1."""
    ve = moment_matched(schedules.exponential(), POINTS)
    assert torch.allclose(ve.std.square(), torch.tensor([4 / 3, 4 / 3]).double(), atol=0.02)
    vp = moment_matched(schedules.cosine(), POINTS)
    assert torch.allclose(vp.std, torch.ones(2).double(), atol=1e-4)
    assert vp.mean.abs().max() < 1e-3


def test_gaussian_prior_is_that_of_torch():
    prior = GaussianPrior(torch.tensor([1.0, -2.0]).double(), torch.tensor([0.5, 3.0]).double())
    x = torch.randn(10, 2, dtype=torch.float64)
    assert torch.allclose(prior.log_density(x), Normal(prior.mean, prior.std).log_prob(x).sum(1))
    noise = SampleNoise(0, 10, (2,))
    drawn = prior.sample(noise)
    assert drawn.dtype == torch.float32
    assert torch.allclose(drawn, prior.mean.float() + prior.std.float() * SampleNoise(0, 10, (2,))())


@pytest.mark.parametrize("prior", [
    standard_prior(), GaussianPrior(torch.tensor([1.0, 0.0]).double(), torch.tensor([1.2, 1.1]).double()),
    OraclePrior(square(schedules.exponential())),
], ids=["standard", "gaussian", "oracle"])
def test_expected_log_density_is_the_mean_over_noise(prior):
    mean = torch.tensor([[0.0, 0.0], [1.0, -2.0]], dtype=torch.float64)
    z = torch.randn(100_000, 1, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    drawn = prior.log_density((mean + 0.7 * z).flatten(0, 1)).reshape(-1, 2)
    found = prior.expected_log_density(mean, 0.7)
    assert ((found - drawn.mean(0)).abs() < 4.5 * drawn.std(0) / 100_000**0.5).all()


def test_standard_prior_takes_any_shape():
    found = standard_prior().log_density(torch.zeros(3, 1, 4, 4))
    assert found.tolist() == pytest.approx([-8 * math.log(2 * math.pi)] * 3)
    assert standard_prior().sample(SampleNoise(0, 3, (1, 4, 4))).shape == (3, 1, 4, 4)


def test_exact_prior_of_a_cloud():
    """Moments are those of the data plus the noise, and a sample does not depend on its batch."""
    schedule = schedules.exponential()
    prior = cloud_prior(schedule, POINTS)
    x = prior.sample(SampleNoise(0, 20_000, (2,)))
    matched = moment_matched(schedule, POINTS)
    assert torch.allclose(x.mean(0).double(), matched.mean, atol=0.035)
    assert torch.allclose(x.std(0).double(), matched.std, rtol=0.02)
    alone = prior.sample(SampleNoise(0, 3, (2,), first=40))
    assert torch.allclose(alone, x[40:43], atol=1e-6)
    assert torch.allclose(prior.log_density(x.double()).mean(), matched.log_density(x.double()).mean(), atol=0.01)


def test_exact_prior_at_small_noise_returns_the_points():
    """At t = 0 each draw lies next to one of the points, and all points are drawn."""
    points = torch.tensor([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    prior = OraclePrior(cloud_prior(schedules.exponential(), points).oracle, 0.0)
    x = prior.sample(SampleNoise(0, 300, (2,)))
    distance, nearest = torch.cdist(x, points).min(1)
    assert distance.max() < 5 * math.exp(-5)
    assert nearest.bincount().min() > 70


def test_one_sample_has_no_variance():
    with pytest.raises(InputError, match="at least 2"):
        moment_matched(schedules.exponential(), POINTS[:1])
