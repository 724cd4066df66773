"""Distances of starts and of what becomes of them, beside closed forms."""

import math

import pytest
import torch

from genloom.rng import generator
from genloom.studies.written.starts import (
    PLACES,
    cauchy,
    divergence,
    log_normal,
    normal,
    points,
    supremum,
    uniform,
    wasserstein,
)

EVERY = [points("point", 3.0), points("pair", -2.0, 2.0), points("three", -1.0, 0.5, 4.0), uniform("flat", 0.0, 4.0),
         normal("wide", 1.0, 3.0), cauchy("heavy")]
FINITE = EVERY[:-1]


@pytest.mark.parametrize("start", EVERY, ids=lambda start: start.name)
@pytest.mark.parametrize("a", [0.1, 0.7])
def test_the_density_is_the_slope_of_the_distribution_function(start, a) -> None:
    x = torch.linspace(-3, 5, 33, dtype=torch.float64)
    h = 1e-4
    slope = (start.cdf(x + h, a) - start.cdf(x - h, a)) / (2 * h)
    torch.testing.assert_close(slope, start.log_pdf(x, a).exp(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("start", EVERY, ids=lambda start: start.name)
def test_draws_have_the_distribution_that_is_stated(start) -> None:
    a, count = 0.8, 40_000
    random = generator(1, 5)
    x = a * start.draw(count, random) + math.sqrt(1 - a * a) * torch.randn(count, generator=random).double()
    share = torch.searchsorted(x.sort().values, PLACES, right=True) / count
    assert float((share - start.cdf(PLACES, a)).abs().max()) < 2.2 / math.sqrt(count)
    if math.isfinite(start.second):
        spread = 5 * float(x.square().std()) / math.sqrt(count)
        assert float(x.square().mean()) == pytest.approx(a * a * start.second + 1 - a * a, abs=spread)


@pytest.mark.parametrize("start", FINITE, ids=lambda start: start.name)
def test_distances_at_the_start_are_the_limit_of_the_map(start) -> None:
    assert wasserstein(start, 1 - 1e-7) == pytest.approx(start.distance, abs=1e-2)


@pytest.mark.parametrize("a", [0.9, 0.3, 1e-4])
def test_normal_starts_have_their_closed_forms(a) -> None:
    start = normal("", 1.0, 3.0)
    spread = math.sqrt(9 * a * a + 1 - a * a)
    assert wasserstein(start, a) == pytest.approx(math.hypot(a, spread - 1), rel=1e-7, abs=1e-10)
    known = (a * a + spread**2 - 1) / 2 - math.log(spread)
    assert divergence(start, a) == pytest.approx(known, rel=1e-6, abs=1e-15)


def test_a_start_that_is_standard_stays_so() -> None:
    start = normal("", 0.0, 1.0)
    assert wasserstein(start, 0.6) < 1e-9
    assert abs(divergence(start, 0.6)) < 1e-14
    assert supremum(start, 0.6) < 1e-15


def test_a_cauchy_start_has_voigts_profile() -> None:
    torch.testing.assert_close(cauchy("").cdf(torch.tensor([0.0, 1.0]).double(), 1 - 1e-12),
                               torch.tensor([0.5, 0.75]).double(), atol=1e-5, rtol=0)


def test_the_logarithm_of_the_bell() -> None:
    assert float(log_normal(torch.tensor(2.0, dtype=torch.float64))) == pytest.approx(-2 - 0.5 * math.log(2 * math.pi))
