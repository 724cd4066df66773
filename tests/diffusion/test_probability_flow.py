import math

import pytest
import torch

from genloom.diffusion import prediction
from genloom.diffusion import schedule as schedules
from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.guidance import Guided
from genloom.diffusion.oracle.boxes import BoxOracle, square
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.prior import OraclePrior, standard_prior
from genloom.diffusion.probability_flow import ode_decode, ode_encode, ode_log_likelihood, ode_path
from genloom.errors import InputError

VE, VP = schedules.exponential(), schedules.linear(1000)


def _mixture(schedule):
    return MixtureOracle(schedule, torch.tensor([[-1.0, 0.0], [1.0, 0.5]]),
                         torch.tensor([[[0.3, 0.1], [0.1, 0.2]], [[0.1, 0.0], [0.0, 0.4]]]), torch.tensor([0.3, 0.7]))


def _boxes(schedule):
    return BoxOracle(schedule, torch.tensor([[-1.0, -1.0], [0.0, 0.5]]), torch.tensor([[0.5, 0.0], [1.0, 1.0]]))


def _cloud(schedule):
    return CloudOracle(schedule, torch.randn(12, 2, generator=torch.Generator().manual_seed(0)))


MAKERS = {"mixture": _mixture, "boxes": _boxes, "square": square, "cloud": _cloud}
X = torch.tensor([[0.0, 0.0], [0.3, -0.6], [0.9, 0.9], [1.05, 0.2], [-1.5, 0.4]], dtype=torch.float64)


kinds = pytest.mark.parametrize("kind", MAKERS)
every_schedule = pytest.mark.parametrize("schedule", [VE, VP, schedules.EDM(0.05, 20)], ids=["ve", "vp", "edm"])


def _exact(kind, schedule, start):
    oracle = MAKERS[kind](schedule)
    found = ode_log_likelihood(oracle, X, OraclePrior(oracle), start=start)
    assert torch.allclose(found, oracle.log_density(X, start), rtol=1e-6, atol=1e-6)


@kinds
@every_schedule
def test_exact_likelihood_of_an_oracle_is_its_density(kind, schedule):
    """Inside and outside the support, to 1e-6 of nats (or of the log-density, where it is −1000), from σ/α = .06."""
    _exact(kind, schedule, schedule.time(torch.tensor(0.06)).item())


def test_probes_along_both_diagonals_give_the_exact_trace_of_a_plane():
    """v = (1, ±1): vᵀ J v = tr J ± (J_12 + J_21), so their mean is the trace, and each alone is another number."""
    oracle, prior = _mixture(VP), OraclePrior(_mixture(VP))
    probes = torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=torch.float64)[:, None].expand(-1, len(X), -1)
    exact = ode_log_likelihood(oracle, X, prior)
    assert torch.allclose(ode_log_likelihood(oracle, X, prior, probes=probes), exact, atol=1e-6)
    assert not torch.allclose(ode_log_likelihood(oracle, X, prior, probes=probes[:1]), exact, atol=1e-2)


def test_exact_likelihood_of_the_square_of_s2_from_its_own_start():
    _exact("square", VE, 0.0)


@pytest.mark.slow
@kinds
@every_schedule
def test_exact_likelihood_from_the_start_of_the_schedule(kind, schedule):
    _exact(kind, schedule, 0.0 if schedule is VE else max(schedule.first, schedule.time(torch.tensor(0.01)).item()))


def test_the_default_start_is_the_schedules():
    oracle = _mixture(VE)
    assert torch.allclose(ode_log_likelihood(oracle, X, OraclePrior(oracle)), oracle.log_density(X, 0.0), atol=1e-6)
    oracle = _mixture(VP)
    assert torch.allclose(ode_log_likelihood(oracle, X, OraclePrior(oracle)), oracle.log_density(X, 0.001), atol=1e-6)


def test_a_schedule_without_terminal_snr_ends_earlier():
    oracle = _mixture(schedules.Rectified())
    with pytest.raises(InputError, match=r"end=0\.999"):
        ode_log_likelihood(oracle, X, standard_prior())
    found = ode_log_likelihood(oracle, X, OraclePrior(oracle, 0.99), end=0.99)
    assert torch.allclose(found, oracle.log_density(X, 1e-3), atol=1e-6)
    with pytest.raises(InputError, match=r"schedule\.first"):
        ode_encode(oracle, X, start=0.0, end=0.9)


@pytest.mark.parametrize("schedule", [VE, VP], ids=["ve", "vp"])
@pytest.mark.parametrize("kind", ["mixture", "square"])
def test_decoding_inverts_encoding(kind, schedule):
    oracle = MAKERS[kind](schedule)
    z = ode_encode(oracle, X)
    assert (z - X).abs().max() > 0.1
    assert torch.allclose(ode_decode(oracle, z), X, atol=1e-6)


def test_the_flow_of_a_gaussian_is_a_scaling():
    """x_t = (√(α²v + σ²)/√(α_s²v + σ_s²)) x_s for N(0, v)."""
    v = 0.3
    for schedule in (VE, VP):
        oracle = MixtureOracle(schedule, torch.zeros(1, 2), v * torch.eye(2)[None])
        times = [0.01, 0.3, 1.0]
        levels = [schedule.level(t) for t in times]
        scale = [math.sqrt(level.alpha**2 * v + level.sigma**2) for level in levels]
        path = ode_path(oracle, X, times)
        for state, s in zip(path, scale, strict=True):
            assert torch.allclose(state, X * s / scale[0], atol=1e-6)  # v is a float32 number


def test_a_noise_that_decodes_to_a_point_far_outside_the_data():
    """(4, 5.5) of S2's bonus: the square's exact flow leads there from a noise some 450 standard deviations away."""
    oracle, target = square(VE), torch.tensor([[4.0, 5.5]], dtype=torch.float64)
    z = ode_encode(oracle, target)
    assert 300 < z.norm() < 1000
    assert torch.allclose(ode_decode(oracle, z), target, atol=1e-6)


def test_volume_is_counted_for_any_denoiser_not_only_for_gradients():
    """A linear ε̂ = A x with A not symmetric: the log-determinant is that of the flow's matrix exponential."""
    a = torch.tensor([[0.2, 0.5], [-0.3, 0.1]], dtype=torch.float64)

    def estimate(x, level):
        eps = x @ a.T / level.sigma
        return prediction.Estimate((x - level.sigma * eps) / level.alpha, eps)

    denoiser = Guided(VE, estimate)
    z = X @ torch.matrix_exp(5 * a).T  # dy/du = A y, over log σ from −5 to 0
    assert torch.allclose(ode_encode(denoiser, X), z, atol=1e-6)
    found = ode_log_likelihood(denoiser, X, standard_prior())
    assert torch.allclose(found, standard_prior().log_density(z) + 5 * a.trace(), atol=1e-6)


def test_float32_networks_and_images_keep_their_dtype_and_shape():
    oracle = CloudOracle(VE, torch.randn(20, 1, 3, 3, generator=torch.Generator().manual_seed(0)))
    network = NetworkDenoiser(lambda x, time, labels: oracle(x, time.double()[0].item()).eps, VE, prediction.noise)
    x = torch.randn(2, 1, 3, 3, generator=torch.Generator().manual_seed(1))
    assert ode_encode(network, x, start=0.7, tolerance=1e-4).dtype == torch.float32
    found = ode_log_likelihood(network, x, OraclePrior(oracle), start=0.7, tolerance=1e-4)
    assert torch.allclose(found, oracle.log_density(x, 0.7), rtol=1e-3, atol=1e-2)
