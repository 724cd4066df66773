import pytest
import torch
from torch.distributions import MultivariateNormal

from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.schedule import exponential
from genloom.errors import InputError


def _parameters():
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(3, 4, 4, generator=generator, dtype=torch.float64)
    return torch.randn(3, 4, generator=generator, dtype=torch.float64), root @ root.mT + 0.1 * torch.eye(4)


def test_densities_are_those_of_torch_distributions():
    means, covariances = _parameters()
    oracle = MixtureOracle(exponential(), means, covariances)
    x = torch.randn(30, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for alpha, sigma in ((1.0, 0.0), (0.8, 0.6), (0.1, 2.0)):
        noisy = alpha**2 * covariances + sigma**2 * torch.eye(4)
        each = torch.stack([MultivariateNormal(alpha * m, c).log_prob(x) for m, c in zip(means, noisy, strict=True)])
        expected = each.logsumexp(0) - torch.tensor(3.0).log()
        assert torch.allclose(oracle.log_density_at(x, alpha, sigma), expected.double(), atol=1e-6)


def test_one_gaussian_is_the_wiener_filter():
    means, covariances = _parameters()
    oracle = MixtureOracle(exponential(), means[:1], covariances[:1])
    x, alpha, sigma = torch.randn(10, 4, dtype=torch.float64), 0.7, 0.5
    gain = alpha * covariances[0] @ torch.linalg.inv(alpha**2 * covariances[0] + sigma**2 * torch.eye(4))
    expected = means[0] + (x - alpha * means[0]) @ gain.T
    assert torch.allclose(oracle.estimate_at(x, alpha, sigma).x0, expected, atol=1e-11)


def test_samples_have_the_covariance():
    means, covariances = _parameters()
    oracle = MixtureOracle(exponential(), means[:1], covariances[:1])
    x = oracle.sample(100_000, torch.Generator().manual_seed(0))
    assert torch.allclose(x.T.cov(), covariances[0], rtol=0.05, atol=0.05)


def test_a_flat_gaussian_is_allowed_and_a_negative_one_is_not():
    flat = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    oracle = MixtureOracle(exponential(), torch.zeros(1, 2), flat)
    assert oracle.estimate_at(torch.ones(1, 2), 1.0, 1.0).x0.tolist() == [[0.5, 0.0]]
    with pytest.raises(InputError, match="eigenvalues"):
        MixtureOracle(exponential(), torch.zeros(1, 2), -flat)
    with pytest.raises(InputError, match="covariances"):
        MixtureOracle(exponential(), torch.zeros(1, 2), torch.eye(2))
