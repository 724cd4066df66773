"""What S4.5 measures, where it can be known without training."""

import math

import pytest
import torch

from genloom.diffusion.oracle.boxes import BoxOracle
from genloom.diffusion.schedule import exponential
from genloom.rng import generator
from genloom.studies.written.density_ways import Cells, Points, exact_gaps, log10_draws, naive, relative_variance


@pytest.fixture(scope="module")
def square():
    return BoxOracle(exponential(), -torch.ones(1, 2), torch.ones(1, 2))


@pytest.mark.parametrize("dim", [1, 3])
def test_the_error_of_a_mean_of_decoder_densities_is_as_expected(dim):
    sigma, x = 0.1, 2 * torch.rand(400_000, dim, generator=generator(0, 1), dtype=torch.float64) - 1
    kernel = torch.exp(-0.5 * x.square().sum(1) / sigma**2) / (2 * math.pi * sigma**2) ** (dim / 2)
    known = relative_variance(0.5**dim, sigma, dim)
    assert float(kernel.var() / kernel.mean() ** 2) == pytest.approx(known, rel=0.05)
    assert 10 ** log10_draws(dim, sigma) == pytest.approx(100 * (known + 1))


def test_the_bound_of_the_exact_denoiser_halves_its_gap_with_twice_the_steps(square):
    few, many = exact_gaps(square, (200, 400), 1 << 17, 0)
    assert few / many == pytest.approx(2, abs=0.1)


def test_a_mean_of_decoder_densities_is_the_density(square):
    value, error = naive(square, 1 << 18, 1)
    assert value == pytest.approx(0.25, abs=4.5 * error)


def test_cells_whose_shares_are_off_are_seen():
    mass = torch.tensor([0.5, 0.5, 1e-5])
    assert Cells(mass, torch.tensor([0.5, 0.5, 0.0]), 10_000).farthest == 0
    assert Cells(mass, torch.tensor([0.52, 0.48, 0.0]), 10_000).farthest == pytest.approx(4, rel=1e-3)


def test_the_mean_gap_has_its_standard_error():
    gap, error = Points(torch.zeros(4), torch.tensor([-1.0, 1.0, -1.0, 1.0]), torch.zeros(4)).below(
        torch.tensor([-1.0, 1.0, -1.0, 1.0]))
    assert gap == 0
    assert error == pytest.approx(math.sqrt(4 / 3) / 2)
