"""The quadrature of the letters is exact: against areas, against a sum without a grid, and against closed forms."""

import pytest
import torch

from genloom.data.glyphs import glyphs
from genloom.diffusion.oracle.bayes import bayes_loss
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.posterior import condition
from genloom.diffusion.schedule import VarianceExploding
from genloom.studies.letters.exact import ExactLetters, Observed, Table, cloud_optimum, segments

SCHEDULE = VarianceExploding(0.01, 0.3)
LETTERS = glyphs("CS446")


@pytest.fixture(scope="module")
def exact() -> ExactLetters:
    return ExactLetters(SCHEDULE, LETTERS)


def noisy(sigma: float, count: int = 200) -> torch.Tensor:
    random = torch.Generator().manual_seed(1)
    parts = segments(LETTERS, 0.01)
    which = torch.multinomial(parts.weight, count, replacement=True, generator=random)
    x = parts.left[which] + (parts.right - parts.left)[which] * torch.rand(count, generator=random, dtype=torch.float64)
    x0 = torch.stack((x, parts.y[which]), 1)
    return x0 + sigma * torch.randn(count, 2, generator=random, dtype=torch.float64)


def test_segments_weigh_what_the_letters_outlines_enclose() -> None:
    parts, total = segments(LETTERS, 0.01), sum(letter.area for letter in LETTERS)
    for i, letter in enumerate(LETTERS):
        assert float(parts.weight[parts.letter == i].sum()) == pytest.approx(letter.area / total, rel=1e-12)


@pytest.mark.parametrize("t", [0.0, 0.5, 1.0])
def test_the_table_is_the_sum_over_segments(exact: ExactLetters, t: float) -> None:
    sigma = float(SCHEDULE.level(t).sigma)
    x = noisy(sigma)
    wanted = exact.segments.oracle(SCHEDULE)(x, t)
    assert ((exact(x, t).x0 - wanted.x0).abs() < 2e-3 * sigma).all()
    torch.testing.assert_close(exact(x, t).eps, (x - exact(x, t).x0) / sigma)


def test_the_density_integrates_to_one_without_being_told(exact: ExactLetters) -> None:
    table = exact.table(0.3)
    some = table.points[::977]
    wanted = exact.segments.oracle(SCHEDULE).log_density(some, 1.0)
    torch.testing.assert_close(table.density.reshape(-1)[::977].log(), wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("observed", [Observed(0, -0.4, 0.02), Observed(1, 0.03, 0.05)])
def test_an_observation_gives_the_oracles_posterior(exact: ExactLetters, observed: Observed) -> None:
    mask = torch.zeros(2)
    mask[observed.coordinate] = 1
    oracle = condition(exact.segments.oracle(SCHEDULE), torch.full((2,), observed.value), mask, observed.noise)
    random, t = torch.Generator().manual_seed(2), 0.5
    sigma = float(SCHEDULE.level(t).sigma)
    x = oracle.sample(100, random)
    x = x + sigma * torch.randn(x.shape, generator=random, dtype=torch.float64)
    assert ((exact.given(observed)(x, t).x0 - oracle(x, t).x0).abs() < 2e-3 * sigma).all()


def test_the_optimum_of_a_normal_is_its_closed_form(exact: ExactLetters) -> None:
    x = torch.linspace(-80, 80, 400).double()
    flat = torch.stack(torch.meshgrid(x, x, indexing="xy"))
    table = Table(1.0, x, x, (-0.5 * (flat / 10).square().sum(0)).exp() / (200 * torch.pi), flat * 99 / 100, ())
    assert table.bayes == pytest.approx(0.99, abs=1e-6)  # a normal of variance 99 under noise of variance 1: 99/100
    assert exact.table(0.3).bayes < exact.table(float(SCHEDULE.level(0.5).sigma)).bayes < 1


def test_the_optimum_of_one_point_is_zero_and_that_of_a_cloud_is_its_oracles() -> None:
    assert cloud_optimum(torch.zeros(1, 2), 0.1) == pytest.approx(0, abs=1e-6)
    points = torch.rand(30, 2, generator=torch.Generator().manual_seed(3))
    measured = bayes_loss(CloudOracle(SCHEDULE, points.double()), 2**14, times=lambda u: torch.ones_like(u).double())
    assert cloud_optimum(points, 0.3) == pytest.approx(measured.value, abs=4 * measured.stderr + 1e-6)
