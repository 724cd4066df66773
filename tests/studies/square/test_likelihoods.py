import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from genloom.diffusion.likelihood import elbo
from genloom.diffusion.oracle.boxes import square
from genloom.diffusion.prior import OraclePrior
from genloom.diffusion.probability_flow import ode_log_likelihood
from genloom.diffusion.schedule import exponential
from genloom.studies.square.likelihoods import TRUTH, precise
from genloom.studies.square.runs import unconditional

ORIGIN = torch.zeros(1, 2, dtype=torch.float64)


def diffusion_term(steps):
    """−L_T of the exact denoiser at (0, 0), by quadrature over one coordinate: another way to the same number."""
    z = np.linspace(-9, 9, 4001)
    weight = norm.pdf(z) * (z[1] - z[0])

    def square_error(sigma):
        low, high = (-1 - sigma * z) / sigma, (1 - sigma * z) / sigma
        mass = norm.cdf(high) - norm.cdf(low)
        mean = sigma * z + sigma * (norm.pdf(low) - norm.pdf(high)) / np.maximum(mass, 1e-300)
        return float((weight * np.where(mass > 1e-12, mean, np.sign(z)) ** 2).sum())

    sigma = np.exp(5 * (np.arange(steps + 1) / steps - 1))
    gain = sigma[:-1] ** -2 - sigma[1:] ** -2
    return -sum(0.5 * g * 2 * square_error(s) for g, s in zip(gain, sigma[1:], strict=True))


@pytest.mark.parametrize("steps", [200, 1000])
def test_the_bound_of_the_exact_denoiser_is_that_of_quadrature(steps):
    oracle = square(exponential())
    bound = elbo(oracle, ORIGIN, OraclePrior(oracle), steps=steps, draws=1 << 16)
    assert float(bound.diffusion) == pytest.approx(diffusion_term(steps), abs=4 * float(bound.stderr) + 2e-4)


def test_the_complete_bound_is_below_the_truth_and_the_text_has_a_part_of_it():
    oracle = square(exponential())
    bound = elbo(oracle, ORIGIN, OraclePrior(oracle), draws=1 << 16)
    assert float(bound.total) == pytest.approx(-1.424, abs=0.003)
    assert TRUTH - 0.05 < float(bound.total) < TRUTH == -math.log(4)
    assert float(bound.reconstruction) == pytest.approx(10 - math.log(2 * math.pi * math.e))
    assert float(bound.diffusion) == pytest.approx(-8.547, abs=0.003)  # the text's "bound"


def test_the_flow_is_exact_inside_the_square():
    oracle = square(exponential())
    x = torch.tensor([[0.0, 0.0], [0.9, -0.9], [1.0, 0.3]], dtype=torch.float64)
    torch.testing.assert_close(ode_log_likelihood(oracle, x, OraclePrior(oracle)), oracle.log_density(x, 0.0),
                               atol=1e-6, rtol=0)


def test_precise_networks_are_copies(small_context):
    trained = unconditional(small_context)
    before = next(trained.networks["denoiser"].parameters())
    copied = next(precise(trained)["denoiser"].parameters())
    assert copied.dtype == torch.float64
    assert not copied.requires_grad
    assert before.dtype == torch.float32
    assert before.requires_grad
