"""Every closed form of the Gaussian chain against Bayes' rule, whole paths, or draws."""

import math

import pytest
import torch

from genloom.diffusion.samplers.ddpm import posterior
from genloom.diffusion.samplers.state import SharedLevel
from genloom.rng import generator
from genloom.studies.written import whole_paths
from genloom.studies.written.gaussian_chain import (
    BETAS,
    Kernel,
    Law,
    exact_chain,
    example_data,
    expected_log,
    noising,
    point,
    standard,
    wrong_chain,
)

DATA = example_data()
POINTS = torch.tensor([[1.5, -1.0], [0.0, 0.0], [-2.0, 3.0]], dtype=torch.float64)


@pytest.mark.parametrize("x0", POINTS)
def test_both_decompositions_sum_to_the_bound_of_whole_paths(x0):
    for chain in (wrong_chain(DATA), exact_chain(DATA), exact_chain(DATA, end=standard(2))):
        whole = float(whole_paths.bound(chain, x0))
        assert float(chain.surgery(point(x0)).total) == pytest.approx(whole, abs=1e-12)
        assert float(chain.denoising(x0).total) == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("x0", POINTS)
def test_the_gap_is_the_divergence_of_whole_paths(x0):
    chain = wrong_chain(DATA)
    whole = whole_paths.forward_paths(chain, x0).divergence(whole_paths.model_paths(chain).given_first(x0))
    assert float(chain.gap(x0).total) == pytest.approx(float(whole), abs=1e-12)
    assert float(chain.log_density(x0) - whole_paths.bound(chain, x0)) == pytest.approx(float(whole), abs=1e-12)


def test_the_exact_reversal_gives_the_data_back():
    chain = exact_chain(DATA)
    assert torch.allclose(chain.log_density(POINTS), DATA.log_density(POINTS), rtol=0, atol=1e-12)


def test_for_one_point_the_noise_turned_around_is_the_posterior_of_ddpm():
    chain, x0 = exact_chain(DATA), POINTS[0]
    turned = chain.turned(point(x0))
    bars = torch.cat((torch.ones(1), 1 - torch.tensor(BETAS))).double().cumprod(0).tolist()
    levels = [SharedLevel(t, math.sqrt(bar), math.sqrt(1 - bar)) for t, bar in enumerate(bars)]
    for t in range(1, len(BETAS)):
        known = posterior(levels[t + 1], levels[t])
        assert turned[t].slope.tolist() == pytest.approx([known.keep] * 2, rel=1e-6)
        assert turned[t].shift.tolist() == pytest.approx((known.data * x0).tolist(), rel=1e-6)
        assert turned[t].variance.tolist() == pytest.approx([known.small] * 2, rel=1e-6)


def test_the_means_of_drawn_paths_are_those_of_the_closed_forms():
    chain, count = wrong_chain(DATA), 100_000
    states = chain.walk(DATA, count, generator(0, 1))
    for law, x in zip(chain.laws(DATA), states, strict=True):
        assert ((x.mean(0) - law.mean) / (law.variance / count).sqrt()).abs().max() < 4.5
        assert ((x.var(0) / law.variance - 1).abs() < 4.5 * math.sqrt(2 / count)).all()
    logs = chain.backward[2].at(states[3]).log_density(states[2])
    exact = expected_log(chain.backward[2], chain.laws(DATA)[2], chain.forward[2])
    assert abs(float(logs.mean() - exact)) < 4.5 * float(logs.std()) / count**0.5


def test_divergences_and_entropies_are_those_of_torch():
    one, two = Law(*torch.rand(2, 2, generator=generator(0, 2)).double()), standard(2)
    normals = [torch.distributions.Normal(law.mean, law.variance.sqrt()) for law in (one, two)]
    assert torch.allclose(one.divergence(two), torch.distributions.kl_divergence(*normals).sum())
    kernel = Kernel(one.mean, two.mean, one.variance)
    assert torch.allclose(kernel.entropy, normals[0].entropy().sum())
    other = Kernel(0.3 * one.mean, two.mean + 1, two.variance)
    x = one.draw(200_000, generator(0, 3))
    drawn = torch.stack([torch.distributions.kl_divergence(*(torch.distributions.Normal(law.mean, law.variance.sqrt())
                         for law in (kernel.at(row), other.at(row)))).sum() for row in x[:400]])
    exact = float(kernel.divergence(other, one))
    assert abs(float(drawn.mean()) - exact) < 4.5 * float(drawn.std()) / 20


def test_two_kernels_one_after_the_other_are_one():
    first, second = wrong_chain(DATA).backward[:2]
    whole = first.then(second).of(DATA)
    assert all(torch.allclose(a, b) for a, b in zip(whole, second.of(first.of(DATA)), strict=True))


def test_the_noise_keeps_a_standard_normal():
    law = standard(3)
    for kernel in noising(BETAS, 3):
        law = kernel.of(law)
    assert law.variance.tolist() == pytest.approx([1.0] * 3)
