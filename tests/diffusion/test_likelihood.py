import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from genloom.diffusion import prediction
from genloom.diffusion import schedule as schedules
from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.likelihood import elbo, elbo_of_classes
from genloom.diffusion.oracle.boxes import BoxOracle, square
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.prior import OraclePrior, standard_prior
from genloom.errors import InputError

VE = schedules.exponential()
ORIGIN = torch.zeros(1, 2, dtype=torch.float64)


def _exact_diffusion(steps):
    """−L_T of the square at x = 0, by quadrature: coordinates are independent, so E‖x̂0‖² is twice a 1-D integral."""
    oracle = square(VE, dim=1)
    z = torch.linspace(-9, 9, 4001, dtype=torch.float64)[:, None]
    weight = (-0.5 * z[:, 0] ** 2).exp()
    total = 0.0
    for i in range(1, steps + 1):
        error = 2 * (weight * oracle(VE.level(i / steps).sigma * z, i / steps).x0[:, 0] ** 2).sum() / weight.sum()
        total += 0.5 * (math.exp(10 * (1 - (i - 1) / steps)) - math.exp(10 * (1 - i / steps))) * error.item()
    return -total


def test_the_bound_of_s2_at_the_origin():
    """−L_T − ½‖x‖² − log(2πe σ(0)²): the constant is 7.162 and the bound −1.385 at T = 1000; the truth is −log 4."""
    bound = elbo(square(VE), ORIGIN, standard_prior(), draws=1 << 16)
    assert bound.reconstruction.item() == pytest.approx(10 - math.log(2 * math.pi * math.e), abs=1e-12)
    assert bound.reconstruction.item() == pytest.approx(7.162, abs=5e-4)
    assert bound.prior.item() == pytest.approx(0, abs=1e-12)
    exact = _exact_diffusion(1000)
    assert exact == pytest.approx(-8.5473, abs=1e-4)
    assert bound.diffusion.item() == pytest.approx(exact, abs=4 * bound.stderr.item())
    assert bound.stderr < 0.015
    assert abs(bound.total.item() + math.log(4)) < 0.05


def test_the_standard_prior_costs_half_the_squared_norm():
    x = torch.tensor([[0.6, -0.8], [3.0, 0.0]], dtype=torch.float64)
    assert elbo(square(VE), x, standard_prior(), draws=64).prior.tolist() == pytest.approx([-0.5, -4.5])


def test_the_printed_formula_is_the_diffusion_term_alone_and_the_mean_halves_it():
    bound = elbo(square(VE), ORIGIN, standard_prior(), draws=1024)
    halved = elbo(square(VE), ORIGIN, standard_prior(), draws=1024, reduction="mean")
    assert halved.diffusion.item() == pytest.approx(bound.diffusion.item() / 2)
    assert bound.diffusion.item() < -8  # far from −1.386: without its constant the text's formula is no log-density


@pytest.mark.parametrize("schedule", [VE, schedules.linear(1000), schedules.EDM(0.002, 20)], ids=["ve", "vp", "edm"])
def test_a_gaussian_in_closed_form(schedule):
    """For N(0, v), with c = α²v + σ²: E‖x − x̂0‖² = D (αvσ/c)² + (σ²/c)² ‖x‖², summed over all T steps."""
    v, steps, x = 0.4, 50, torch.tensor([[0.3, -1.0]], dtype=torch.float64)
    covariance = v * torch.eye(2, dtype=torch.float64)[None]
    oracle = MixtureOracle(schedule, torch.zeros(1, 2, dtype=torch.float64), covariance)
    prior, clean = OraclePrior(oracle), schedule.level(0.0).sigma == 0
    expected, levels = 0.0, [schedule.level(i / steps) for i in range(steps + 1)]
    for before, level in pairwise(levels):
        a, s = level.alpha, level.sigma
        total = a**2 * v + s**2
        error = 2 * (a * v * s / total) ** 2 + (s**2 / total) ** 2 * x.square().sum().item()
        earlier = (before.alpha / before.sigma) ** 2 if before.sigma else 2 * (a / s) ** 2
        expected -= 0.5 * (earlier - (a / s) ** 2) * error
    first = levels[1] if clean else levels[0]
    expected -= math.log(2 * math.pi * (first.sigma / first.alpha) ** 2) + (0 if clean else 1)
    end = levels[-1]
    expected += math.log(2 * math.pi * math.e * end.sigma**2)
    expected += prior.expected_log_density(end.alpha * x, end.sigma).item()
    found = elbo(oracle, x, prior, steps=steps)
    assert found.total.item() == pytest.approx(expected, abs=max(1e-3, 4 * found.stderr.item()))
    parts = found.diffusion + found.prior + found.reconstruction
    assert torch.allclose(parts, found.total, atol=1e-12)
    assert found.total.item() < oracle.log_density_at(x, 1.0, 0.0).item()


@pytest.mark.parametrize("steps", [20, 1000])
def test_the_mean_bound_is_below_minus_the_entropy(steps):
    """Over the data, E log p ≤ −H = −log 4 for every model; more steps come closer."""
    oracle = square(VE)
    x = oracle.sample(400, torch.Generator().manual_seed(0))
    bound = elbo(oracle, x, OraclePrior(oracle), steps=steps, draws=1024)
    error = bound.total.std().item() / 20
    assert bound.total.mean().item() < -math.log(4) + 3 * error
    assert bound.total.mean().item() > -math.log(4) - (0.1 if steps == 1000 else 5)


def test_the_bound_with_the_exact_end_is_below_the_exact_density():
    oracle = square(VE)
    x = torch.tensor([[0.0, 0.0], [0.5, -0.7], [1.2, 0.0]], dtype=torch.float64)
    bound = elbo(oracle, x, OraclePrior(oracle))
    assert (bound.total < oracle.log_density(x, 0.0) + 3 * bound.stderr).all()
    assert (bound.total[:2] > oracle.log_density(x[:2], 0.0) - 0.08).all()


def test_the_standard_error_is_honest():
    exact = _exact_diffusion(100)
    options = {"steps": 100, "draws": 1024, "repeats": 8}
    runs = [elbo(square(VE), ORIGIN, standard_prior(), seed=seed, **options) for seed in range(40)]
    z = np.array([(run.diffusion.item() - exact) / run.stderr.item() for run in runs])
    assert abs(z.mean()) < 0.7
    assert 0.7 < z.std() < 1.9


def test_blocks_do_not_change_the_answer(monkeypatch):
    x = torch.rand(3, 2, dtype=torch.float64)
    whole = elbo(square(VE), x, standard_prior(), draws=512)
    monkeypatch.setattr("genloom.diffusion.likelihood._ROWS", 20)
    parts = elbo(square(VE), x, standard_prior(), draws=512)
    assert torch.allclose(whole.total, parts.total, rtol=1e-10)
    alone = elbo(square(VE), x[1:2], standard_prior(), draws=512)
    assert alone.total.item() == pytest.approx(whole.total[1].item(), rel=1e-10)


def test_one_place_has_another_probability_for_each_class():
    halves = BoxOracle(VE, torch.tensor([[-1.0, -1.0], [0.0, -1.0]]), torch.tensor([[0.0, 1.0], [1.0, 1.0]]),
                       box_labels=torch.tensor([0, 1]))
    x, labels = torch.tensor([[0.5, 0.0], [0.5, 0.0]], dtype=torch.float64), torch.tensor([1, 0])
    found = elbo_of_classes(halves, x, labels, standard_prior())
    right = elbo(halves.with_labels(1), x[:1], standard_prior())
    assert found.total[0].item() == pytest.approx(right.total.item(), abs=1e-9)
    assert found.total[0].item() == pytest.approx(-math.log(2), abs=0.2)
    assert found.total[1] < -1000
    with pytest.raises(InputError, match="one class for each"):
        elbo_of_classes(halves, x, labels[:1], standard_prior())


def test_float32_networks_and_images():
    network = NetworkDenoiser(lambda x, time, labels: 0.1 * x, schedules.linear(), prediction.noise)
    bound = elbo(network, torch.rand(2, 1, 3, 3), standard_prior(), draws=64)
    assert bound.total.shape == (2,)
    assert bound.total.isfinite().all()


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="steps"):
        elbo(square(VE), ORIGIN, standard_prior(), steps=0)
    with pytest.raises(InputError, match="draws"):
        elbo(square(VE), ORIGIN, standard_prior(), draws=3)
