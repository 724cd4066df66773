import pytest
import torch

from genloom.diffusion.oracle.boxes import square
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.prior import OraclePrior
from genloom.diffusion.schedule import exponential
from genloom.studies.square.attempts import (
    Goal,
    _noisy,
    bridge,
    chosen_noise,
    descend,
    flow_inverse,
    optimised_start,
    overshoot,
    scaled,
    solved_start,
    walk,
)

TARGET = torch.tensor([[4.0, 5.5]], dtype=torch.float64)
START = torch.tensor([[0.3, -1.4]], dtype=torch.float64)


@pytest.fixture
def exact():
    oracle = square(exponential())
    return Goal(oracle, OraclePrior(oracle), START, TARGET)


@pytest.fixture
def linear():
    """Normal data, whose denoiser is linear, so that least norms are known."""
    oracle = MixtureOracle(exponential(), torch.zeros(1, 2).double(), 0.3 * torch.eye(2).double()[None], None, None)
    return Goal(oracle, OraclePrior(oracle), START, TARGET)


def test_the_inverse_of_the_exact_flow_ends_at_the_target(exact):
    found = flow_inverse(exact, tolerance=1e-9)
    assert found.missed(TARGET[0]) < 1e-6
    # the distance from the corner (1, 1) grows by σ(1)/σ(0) = e⁵
    assert float((found.path[0] - 1).norm()) == pytest.approx(148.41 * float((TARGET[0] - 1).norm()), rel=0.01)


def test_a_good_model_brings_every_start_home(exact):
    assert float(walk(exact.denoiser, TARGET, exact.levels(100))[-1].abs().max()) <= 1
    for attempt in (overshoot(exact), optimised_start(exact, iterations=5), scaled(exact)):
        assert attempt.missed(TARGET[0]) > 1


def test_the_price_of_noise_is_the_improbability_of_the_target(exact):
    levels = exact.levels(50, clean=False)
    z = bridge(exact, levels)
    assert float((_noisy(exact, z, levels)[-1] - TARGET[0]).norm()) < 1e-9
    assert float(z.square().sum()) / 2 == pytest.approx(-float(exact.denoiser.log_density(TARGET, 0.0)), rel=1e-3)


def test_chosen_noise_has_the_least_norm_of_all_that_end_there(linear):
    found = chosen_noise(linear, steps=20, iterations=60)
    levels = linear.levels(20, clean=False)
    zero = torch.zeros(20, 2, dtype=torch.float64, requires_grad=True)
    end = _noisy(linear, zero, levels)[-1]
    slopes = torch.stack([torch.autograd.grad(end[k], zero, retain_graph=True)[0].flatten() for k in range(2)])
    least = torch.linalg.lstsq(slopes, (TARGET[0] - end.detach())[:, None], driver="gelsd").solution
    assert found.missed(TARGET[0]) < 1e-9
    assert found.noise == (pytest.approx(float(least.square().sum()), rel=1e-6), 40.0)


def test_newton_inverts_a_linear_sampler(linear):
    assert solved_start(linear, START, steps=10).missed(TARGET[0]) < 1e-6


def test_descent_stops_where_it_arrived_and_keeps_the_best():
    calls = []

    def end(free):
        calls.append(1)
        return free

    found = descend(torch.zeros(1, 2), end, torch.tensor([[0.3, 0.3]]), 1000)
    assert float((found - 0.3).norm()) < 1e-4
    assert len(calls) < 1000
