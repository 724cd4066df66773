import math

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from genloom.diffusion import loss
from genloom.diffusion.oracle.bayes import bayes_loss
from genloom.diffusion.oracle.boxes import BoxOracle, square
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.schedule import exponential
from genloom.errors import InputError

NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(200)


def _square_loss(t: float, half: float = 1.0) -> float:
    """1 − E[E[ε|x]²] for a uniform on [−h, h], by quadrature over x; E[ε|x] p(x) = (φ((x−h)/σ) − φ((x+h)/σ))/2h."""
    sigma, total = math.exp(5 * (t - 1)), 0.0
    core = max(0.0, half - 12 * sigma)
    for low, high in ((0.0, core), (core, half), (half, half + 14 * sigma)):
        x, w = (low + high) / 2 + (high - low) / 2 * NODES, NODE_WEIGHTS * (high - low) / 2
        mass = ndtr((half - x) / sigma) - ndtr(-(x + half) / sigma)
        pull = np.exp(-0.5 * ((x - half) / sigma) ** 2) - np.exp(-0.5 * ((x + half) / sigma) ** 2)
        total += float((w * np.where(mass > 0, pull**2 / np.maximum(mass, 1e-300), 0)).sum()) / (2 * math.pi * 2 * half)
    return 1 - 2 * total


def _over_time(half: float = 1.0) -> float:
    t, w = np.polynomial.legendre.leggauss(40)
    return float(sum(w / 2 * np.array([_square_loss((1 + s) / 2, half) for s in t])))


def test_the_square_of_s2():
    """.82732 by quadrature in one dimension, for t ~ U(0, 1) and the mean over coordinates."""
    exact = _over_time()
    assert exact == pytest.approx(0.827317, abs=1e-6)
    measured = bayes_loss(square(exponential()))
    assert measured.value == pytest.approx(exact, abs=4 * measured.stderr)
    assert measured.stderr < 2e-4


def test_at_one_time_it_is_the_loss_of_that_time():
    measured = bayes_loss(square(exponential()), times=lambda u: torch.full_like(u, 0.8))
    assert measured.value == pytest.approx(_square_loss(0.8), abs=max(5e-4, 4 * measured.stderr))


def test_a_gaussian_in_closed_form():
    """E‖ε − E[ε|x]‖²/D = v/(v + σ²) for variance v; here over t by quadrature, and with x0's weight σ²."""
    v, schedule = 0.5, exponential()
    oracle = MixtureOracle(schedule, torch.zeros(1, 3), v * torch.eye(3)[None])
    t, w = np.polynomial.legendre.leggauss(60)
    s2 = np.exp(10 * ((1 + t) / 2 - 1))
    measured = bayes_loss(oracle, 2**15)
    assert measured.value == pytest.approx((w / 2 * v / (v + s2)).sum(), abs=max(1e-4, 4 * measured.stderr))
    data = bayes_loss(oracle, 2**15, weight=loss.data)
    assert data.value == pytest.approx((w / 2 * s2 * v / (v + s2)).sum(), abs=max(1e-4, 4 * data.stderr))


def test_knowing_the_class_helps_by_the_right_amount():
    """Two halves of the square as classes: x has a side of 1, y one of 2."""
    schedule = exponential()
    halves = BoxOracle(schedule, torch.tensor([[-1.0, -1.0], [0.0, -1.0]]), torch.tensor([[0.0, 1.0], [1.0, 1.0]]),
                       box_labels=torch.tensor([0, 1]))
    told = bayes_loss(halves, 2**16, conditional=True)
    assert told.value == pytest.approx((_over_time(0.5) + _over_time(1.0)) / 2, abs=4 * told.stderr)
    untold = bayes_loss(halves, 2**16)
    assert untold.value == pytest.approx(_over_time(), abs=4 * untold.stderr)


def test_the_standard_error_is_honest():
    exact, oracle = _over_time(), square(exponential())
    runs = [bayes_loss(oracle, 2**12, seed, repeats=8) for seed in range(40)]
    z = np.array([(run.value - exact) / run.stderr for run in runs])
    assert abs(z.mean()) < 0.7
    assert 0.7 < z.std() < 1.9  # Student's t with 7 degrees of freedom has 1.18


def test_it_is_the_squared_error():
    """The projection identity against the plain mean of ‖ε − ε̂‖²."""
    oracle, generator = square(exponential()), torch.Generator().manual_seed(0)
    x0 = oracle.sample(200_000, generator)
    eps = torch.randn(x0.shape, generator=generator, dtype=torch.float64)
    t = torch.rand(len(x0), generator=generator, dtype=torch.float64)
    error = (oracle(x0 + oracle.schedule.sigma(t)[:, None] * eps, t).eps - eps).square().mean(1)
    assert error.mean().item() == pytest.approx(_over_time(), abs=4 * error.std().item() / 200_000**0.5)


def test_conditional_needs_classes():
    with pytest.raises(InputError, match="without classes"):
        bayes_loss(square(exponential()), 64, conditional=True)
