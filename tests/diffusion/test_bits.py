import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from genloom.diffusion import prediction
from genloom.diffusion import schedule as schedules
from genloom.diffusion.bits import bits_per_dimension, byte_log_prob, flow_bits
from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.oracle.boxes import BoxOracle
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.prior import GaussianPrior, OraclePrior, standard_prior
from genloom.diffusion.schedule import Level, Schedule
from genloom.errors import InputError
from genloom.metrics.interval import mean_interval
from genloom.rng import generator

F64 = torch.float64
FINE = schedules.geometric(1e-3, 20)  # less noise at its start than a byte is wide
VALUES = torch.arange(256, dtype=F64) / 127.5 - 1
SYMBOLS = torch.arange(0, 256, 17)  # sixteen of the bytes, whose law has a known entropy
PLACES = SYMBOLS / 127.5 - 1
WIDE = GaussianPrior(torch.zeros((), dtype=F64), torch.tensor(400.4, dtype=F64).sqrt())


def law() -> Tensor:
    """Two humps over the sixteen symbols: no model can need fewer bits than −Σ P log₂ P on average."""
    p = 0.6 * (-0.5 * ((PLACES + 0.5) / 0.2) ** 2).exp() + 0.4 * (-0.5 * ((PLACES - 0.4) / 0.3) ** 2).exp() + 0.01
    return p.double() / p.double().sum()


def entropy(p: Tensor) -> float:
    return -torch.special.xlogy(p, p).sum().item() / math.log(2)


def singles(count: int, seed: int = 0) -> Tensor:
    drawn = torch.multinomial(law(), count, True, generator=generator(seed))
    return SYMBOLS[drawn][:, None].to(torch.uint8)


def model(schedule: Schedule) -> CloudOracle:
    return CloudOracle(schedule, PLACES.double()[:, None], weights=law())


def by_quadrature(schedule: Schedule, times: list[float], prior: GaussianPrior) -> float:
    """The bound of the exact model in bits, averaged over all symbols and a grid of noise: nothing is random."""
    p, oracle, eps = law(), model(schedule), torch.linspace(-8, 8, 401, dtype=F64)
    weight = (-0.5 * eps.square()).exp() / (-0.5 * eps.square()).exp().sum()
    levels, x0 = [schedule.level(t) for t in times], PLACES.double()[:, None]

    def clean(level: Level) -> Tensor:
        return oracle((level.alpha * x0 + level.sigma * eps).reshape(-1, 1), level.t).x0.reshape(len(p), -1)

    nats = prior.expected_log_density(levels[-1].alpha * x0, levels[-1].sigma) @ p
    nats += 0.5 * math.log(2 * math.pi * math.e * levels[-1].sigma ** 2)
    for before, level in pairwise(levels):
        fall = (before.alpha / before.sigma) ** 2 - (level.alpha / level.sigma) ** 2
        nats -= 0.5 * fall * (p @ (clean(level) - x0).square() @ weight)
    bytes_ = SYMBOLS.to(torch.uint8)[:, None].expand(-1, len(eps))
    nats += p @ byte_log_prob(bytes_, clean(levels[0]), levels[0].sigma / levels[0].alpha) @ weight
    return -nats.item() / math.log(2)


def test_all_bytes_together_have_probability_one() -> None:
    every = torch.arange(256).to(torch.uint8)[None].expand(5, -1)
    for mean, std in ((0.0, 0.3), (-1.0, 0.01), (2.5, 0.2), (0.3, 1e-4), (0.3, 50.0)):
        p = byte_log_prob(every, torch.full((5, 256), mean), std).exp()
        assert torch.allclose(p.sum(1), torch.ones(5, dtype=F64), atol=1e-12)
    even = byte_log_prob(every[:, 1:255], torch.zeros(5, 254), 50.0).exp()
    assert torch.allclose(even, torch.full_like(even, 2 / 255 / 50 / math.sqrt(2 * math.pi)), rtol=1e-3)


def test_far_bytes_keep_their_digits() -> None:
    """60 standard deviations away, either side: log Φ is about −z²/2 − log(z √2π), not −∞."""
    low, high = byte_log_prob(torch.tensor([[0, 255]], dtype=torch.uint8), torch.zeros(1, 2), 1 / 60)[0].tolist()
    z = 60 * (1 - 0.5 / 127.5)
    assert low == high == pytest.approx(-z**2 / 2 - math.log(z * math.sqrt(2 * math.pi)), abs=1e-3)


def test_the_bound_of_the_exact_model_falls_to_the_entropy_as_one_over_the_steps() -> None:
    gaps = [by_quadrature(FINE, torch.linspace(0, 1, n).tolist(), WIDE) - entropy(law()) for n in (101, 201, 401)]
    assert 1.9 < gaps[0] / gaps[1] < 2.1
    assert 1.9 < gaps[1] / gaps[2] < 2.1
    assert 2 * gaps[2] - gaps[1] == pytest.approx(0, abs=5e-3)


@pytest.mark.parametrize("draws", [7, 50])
@pytest.mark.parametrize("schedule", [schedules.linear(50), FINE], ids=["table", "log-snr"])
def test_draws_have_the_mean_of_quadrature(schedule: Schedule, draws: int) -> None:
    times = [i / 50 for i in range(1, 51)] if schedule.steps else torch.linspace(0, 1, 50).tolist()
    prior = standard_prior() if schedule.steps else WIDE
    expected = by_quadrature(schedule, times, prior)
    found = bits_per_dimension(model(schedule), singles(4000), prior, steps=50, draws=draws, dtype=F64)
    mean = mean_interval(found.total)
    assert mean.value == pytest.approx(expected, abs=mean.high - mean.low)  # 4 standard errors
    assert expected > entropy(law())
    assert torch.allclose(found.total, found.diffusion + found.prior + found.decoder)


def test_two_correlated_bytes_of_an_exact_model() -> None:
    """Pictures of two bytes: each one's own bits −log₂ P(y)/2, and the 1/T gap above them."""
    places = torch.arange(12) * 23
    pictures = torch.cartesian_prod(places, places).reshape(-1, 1, 1, 2)
    x = pictures.double() / 127.5 - 1
    p = (-2 * ((x[..., 0] - x[..., 1]) / 0.3) ** 2 - x.sum(-1) ** 2).exp().flatten()
    p /= p.sum()
    drawn = torch.multinomial(p, 400, True, generator=generator(1))
    found = bits_per_dimension(CloudOracle(FINE, x, weights=p), pictures[drawn].to(torch.uint8), WIDE, steps=400,
                               draws=200, dtype=F64)
    gap = mean_interval(found.total + p[drawn].log() / math.log(2) / 2)
    assert gap.high > 0
    assert gap.low < 0.1
    assert gap.high - gap.low < 0.15


def test_even_bytes_need_eight_bits() -> None:
    oracle = CloudOracle(FINE, VALUES[:, None])
    y = torch.randint(256, (400, 1), generator=generator(0)).to(torch.uint8)
    found = mean_interval(bits_per_dimension(oracle, y, WIDE, steps=500, draws=250, dtype=F64).total)
    assert 8 - 0.05 < found.value < 8.25  # 0.08 of it is the grid's


def test_the_flow_of_dequantised_bytes_needs_their_entropy() -> None:
    """Bytes spread evenly over their intervals have a density of steps, and E log p − log 127.5 is −H exactly.

    Dark bytes have 3/4 of the probability: each needs −log₂ (0.75/128) bits, a light one −log₂ (0.25/128).
    """
    half = 0.5 / 127.5
    edges = torch.tensor([[-1 - half], [half * 0], [1 + half]], dtype=F64)
    oracle = BoxOracle(FINE, edges[:2], edges[1:], weights=torch.tensor([0.75, 0.25]))
    y = torch.tensor([10, 64, 100, 150, 200, 240], dtype=torch.uint8)[:, None]
    expected = [7 - math.log2(0.75)] * 3 + [9.0] * 3
    found = flow_bits(oracle, y, OraclePrior(oracle), probes=0, tolerance=1e-6, dtype=F64)
    assert found.tolist() == pytest.approx(expected, abs=1e-3)
    probed = flow_bits(oracle, y, OraclePrior(oracle), probes=2, tolerance=1e-6, dtype=F64)
    assert torch.allclose(probed, found, atol=1e-5)  # in one dimension every probe gives the trace


def test_a_picture_has_the_same_bits_in_any_batch() -> None:
    network = NetworkDenoiser(lambda x, time, labels: 0.1 * x, schedules.linear(50), prediction.noise)
    y = torch.randint(256, (6, 3, 4, 4), generator=generator(0)).to(torch.uint8)
    whole = bits_per_dimension(network, y, standard_prior(), draws=5)
    part = bits_per_dimension(network, y[2:5], standard_prior(), draws=5, first=2)
    assert torch.allclose(whole.total[2:5], part.total, rtol=1e-6)
    assert whole.total.shape == (6,)
    other = bits_per_dimension(network, y, standard_prior(), draws=5, seed=1)
    assert not torch.allclose(whole.total, other.total)
    flow = flow_bits(network, y, standard_prior(), tolerance=1e-4)
    assert torch.allclose(flow[2:5], flow_bits(network, y[2:5], standard_prior(), tolerance=1e-4, first=2), atol=1e-2)


@pytest.mark.parametrize("schedule", [schedules.cosine(50), schedules.EDM(), schedules.Rectified(), FINE])
def test_every_kind_of_schedule_has_a_grid(schedule: Schedule) -> None:
    network = NetworkDenoiser(lambda x, time, labels: 0 * x, schedule, prediction.data)
    y = torch.randint(256, (3, 1, 2, 2), generator=generator(0)).to(torch.uint8)
    found = bits_per_dimension(network, y, standard_prior(), draws=8)
    assert found.total.isfinite().all()
    assert (found.total > 8).all()


def test_bad_input_is_refused() -> None:
    oracle = CloudOracle(FINE, VALUES[:, None])
    with pytest.raises(InputError, match="bytes"):
        bits_per_dimension(oracle, torch.zeros(3, 1), standard_prior())
    for options in ({"steps": 1}, {"draws": 0}):
        with pytest.raises(InputError):
            bits_per_dimension(oracle, singles(3), standard_prior(), **options)
