"""The exact pull of an observation, against Bayes' rule by oracles and closed forms."""

import pytest
import torch

from genloom.rng import generator
from genloom.studies.written import observed_mixture
from genloom.studies.written.observed_mixture import KNOWN, cloud, following, mixture, normal, off_known


@pytest.mark.parametrize("make", [mixture, cloud, lambda noise: normal(noise, 0.7)])
@pytest.mark.parametrize("sigma", [0.05, 0.5, 5.0])
def test_the_pull_is_the_difference_of_the_scores(make, sigma):
    case = make(0.1)
    x = case.draws(sigma, 50, 0)
    assert torch.allclose(case.pull(x, sigma) * sigma, case.difference(x, sigma) * sigma, rtol=0, atol=1e-10)


def test_p_of_what_is_known_is_a_density_of_it():
    case, x = mixture(0.3), torch.tensor([[0.4, -0.2]], dtype=torch.float64)
    seen = []
    line = torch.linspace(-6, 6, 1201, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        for value in line.tolist():
            patch.setattr(observed_mixture, "KNOWN", value)
            seen.append(float(case.log_likelihood(x, 0.5).exp()))
    assert float(torch.trapezoid(torch.tensor(seen, dtype=torch.float64), line)) == pytest.approx(1, abs=1e-9)


def test_of_one_normal_the_pull_is_that_of_the_derivation():
    std, noise, sigma = 0.7, 0.2, 0.9
    case = normal(noise, std)
    x = torch.randn(20, 2, generator=generator(0, 1), dtype=torch.float64)
    keep = std**2 / (std**2 + sigma**2)
    known = keep * (KNOWN - keep * x[:, 0]) / (noise**2 + keep * sigma**2)
    assert torch.allclose(case.pull(x, sigma)[:, 0], known)
    assert float(case.pull(x, sigma)[:, 1].abs().max()) == 0


def test_draws_of_the_posterior_are_near_what_was_seen():
    x = mixture(0.01).draws(0.02, 4000, 0)
    assert float(off_known(x)[:, 0].square().mean().sqrt()) == pytest.approx((0.01**2 + 0.02**2) ** 0.5, rel=0.06)
    assert float(off_known(x)[:, 1].abs().max()) == 0


def test_the_strength_follows_the_noise():
    assert following(0.3, 0.4) == pytest.approx(4.0)
