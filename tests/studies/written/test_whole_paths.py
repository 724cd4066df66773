"""Normals over whole paths, against those of torch."""

import torch
from torch.distributions import MultivariateNormal, kl_divergence

from genloom.rng import generator
from genloom.studies.written.gaussian_chain import example_data, wrong_chain
from genloom.studies.written.whole_paths import Paths, bound, forward_paths, model_paths

CHAIN = wrong_chain(example_data())
X0 = torch.tensor([1.5, -1.0], dtype=torch.float64)


def as_torch(paths: Paths) -> MultivariateNormal:
    return MultivariateNormal(paths.mean, paths.covariance)


def test_divergence_and_entropy_are_those_of_torch():
    given, own = forward_paths(CHAIN, X0), model_paths(CHAIN).given_first(X0)
    assert torch.allclose(given.divergence(own), kl_divergence(as_torch(given), as_torch(own)).sum())
    assert torch.allclose(given.entropy, as_torch(given).entropy().sum())


def test_the_model_given_its_first_state_is_the_joint_over_the_marginal():
    whole = model_paths(CHAIN)
    path = torch.randn(2, len(CHAIN.forward) + 1, generator=generator(0, 1), dtype=torch.float64)
    path[:, 0] = X0
    joint, given = (as_torch(law).log_prob(x).sum() for law, x in ((whole, path),
                                                                   (whole.given_first(X0), path[:, 1:])))
    assert torch.allclose(joint - given, CHAIN.log_density(X0))


def test_the_bound_is_the_mean_log_ratio_of_drawn_paths():
    states = CHAIN.walk(type(example_data())(X0, 0 * X0), 50_000, generator(0, 2))
    path = torch.stack(states, -1)
    ratios = as_torch(model_paths(CHAIN)).log_prob(path).sum(1)
    ratios = ratios - as_torch(forward_paths(CHAIN, X0)).log_prob(path[..., 1:]).sum(1)
    assert abs(float(ratios.mean() - bound(CHAIN, X0))) < 4.5 * float(ratios.std()) / 50_000**0.5
