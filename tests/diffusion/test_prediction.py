"""Predictions are rows: what each of them is, and what the determinant says."""

import pytest
import torch

from genloom.diffusion import prediction as p
from genloom.diffusion.schedule import Level, Rectified, Schedule, cosine, exponential, linear
from genloom.errors import InputError, UnknownName

DOUBLE = torch.float64


def _pair(generator: torch.Generator, shape: tuple[int, ...] = (5, 3)) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(shape, generator=generator, dtype=DOUBLE), torch.randn(shape, generator=generator, dtype=DOUBLE)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_rows_are_the_textbook_formulas(generator: torch.Generator) -> None:
    x0, eps = _pair(generator)
    level = linear().level(0.4)
    alpha, sigma = level.alpha, level.sigma
    x = alpha * x0 + sigma * eps
    formulas = {
        p.noise: eps, p.data: x0, p.velocity: alpha * eps - sigma * x0, p.flow: eps - x0,
        p.score: -(x - alpha * x0) / sigma**2,
    }
    for row, formula in formulas.items():
        assert torch.allclose(p.target(x0, eps, level, row), formula, atol=1e-13)


@pytest.mark.parametrize("schedule", [linear(), cosine(50), exponential(), Rectified()], ids=repr)
def test_posterior_mean_is_that_of_q(schedule: Schedule, generator: torch.Generator) -> None:
    """By conditioning the joint Gaussian of (x_s, x_t) given x0, with no formula of the paper."""
    x0, eps = _pair(generator)
    steps = schedule.steps or 1000
    now, then = schedule.level(0.5), schedule.level(0.5 - 1 / steps)
    x = now.alpha * x0 + now.sigma * eps
    covariance = now.alpha / then.alpha * then.sigma**2
    expected = then.alpha * x0 + covariance / now.sigma**2 * (x - now.alpha * x0)
    assert torch.allclose(p.target(x0, eps, now, p.posterior_mean(schedule)), expected, atol=1e-12)


def test_posterior_mean_of_ddpm_with_its_own_symbols(generator: torch.Generator) -> None:
    """[√α_t (1−ᾱ_{t−1}) x_t + √ᾱ_{t−1} β_t x0]/(1−ᾱ_t)."""
    x0, eps = _pair(generator)
    schedule = linear(100)
    i = 60
    alpha_bar = torch.cumprod(1 - schedule.betas, 0)
    now, before, beta = alpha_bar[i - 1], alpha_bar[i - 2], schedule.betas[i - 1]
    x = now.sqrt() * x0 + (1 - now).sqrt() * eps
    mean = ((1 - beta).sqrt() * (1 - before) * x + before.sqrt() * beta * x0) / (1 - now)
    row = p.posterior_mean(schedule)
    assert torch.allclose(p.target(x0, eps, schedule.level(i / 100), row), mean, atol=1e-13)


def test_edm_output_is_its_preconditioning(generator: torch.Generator) -> None:
    x0, eps = _pair(generator)
    sigma, sigma_data = 3.0, 0.5
    x = x0 + sigma * eps
    skip = sigma_data**2 / (sigma**2 + sigma_data**2)
    out = sigma * sigma_data / (sigma**2 + sigma_data**2) ** 0.5
    level = Level(0.1, 1.0, sigma)
    assert torch.allclose(p.target(x0, eps, level, p.edm(sigma_data)), (x0 - skip * x) / out, atol=1e-13)


def test_edm_targets_have_variance_1(generator: torch.Generator) -> None:
    n = 200_000
    x0, eps = _pair(generator, (n, 1))
    for level in (Level(0.1, 1.0, 3.0), Level(0.1, 0.6, 0.8)):
        output = p.target(0.5 * x0, eps, level, p.edm(0.5))
        assert output.var().item() == pytest.approx(1, abs=5 * (2 / n) ** 0.5)


def test_the_determinant_converts_errors(generator: torch.Generator) -> None:
    """An error e of the output is (α/det) e of ε and −(σ/det) e of x0: the source of every loss weight."""
    x0, eps = _pair(generator)
    schedule = linear()
    level = schedule.level(0.3)
    x = level.alpha * x0 + level.sigma * eps
    for name in p.PREDICTIONS:
        row = p.prediction(name, schedule, sigma_data=0.5)
        det = p.determinant(level, row)
        found = p.solve(x, p.target(x0, eps, level, row) + 0.01, level, row)
        assert torch.allclose(found.eps - eps, torch.full_like(eps, 0.01 * level.alpha / det), atol=1e-11)
        assert torch.allclose(found.x0 - x0, torch.full_like(x0, -0.01 * level.sigma / det), atol=1e-11)


def test_velocity_has_determinant_1_where_variance_is_preserved() -> None:
    """Hence the loss on v is the loss on x0 times SNR + 1, which min-SNR for v has to divide out."""
    level = cosine().level(0.6)
    assert p.determinant(level, p.velocity) == pytest.approx(1)
    assert (p.determinant(level, p.velocity) / level.sigma) ** 2 == pytest.approx(1 / level.sigma**2)
    assert 1 / level.sigma**2 == pytest.approx((level.alpha / level.sigma) ** 2 + 1)


@pytest.mark.parametrize("name", ["noise", "score"])
def test_noise_prediction_at_zero_terminal_snr_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="zero terminal SNR"):
        p.prediction(name, Rectified())


@pytest.mark.parametrize("name", ["data", "velocity", "flow", "posterior-mean", "edm"])
def test_the_others_recover_data_from_pure_noise(name: str, generator: torch.Generator) -> None:
    x0, eps = _pair(generator)
    end = Rectified().level(1.0)
    row = p.prediction(name, Rectified())
    found = p.solve(eps, p.target(x0, eps, end, row), end, row)
    assert torch.allclose(found.x0, x0, atol=1e-9)
    assert torch.allclose(found.eps, eps, atol=1e-12)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'velocity'"):
        p.prediction("velocty", linear())


def test_noise_prediction_is_passed_through_untouched(generator: torch.Generator) -> None:
    x, output = _pair(generator)
    assert p.solve(x, output, linear().level(0.5), p.noise).eps is output
    assert p.solve(x, output, linear().level(0.5), p.data).x0 is output


@pytest.mark.parametrize("shape", [(4, 4), (4, 3, 4, 4), (2, 2, 2)])
def test_one_time_for_each_sample_never_runs_along_the_image(shape: tuple[int, ...]) -> None:
    """B equals the width: coefficients must follow the batch dimension."""
    generator = torch.Generator().manual_seed(1)
    x0, eps = _pair(generator, shape)
    schedule = linear()
    t = torch.linspace(0.1, 0.9, shape[0], dtype=DOUBLE)
    for name in p.PREDICTIONS:
        row = p.prediction(name, schedule)
        together = p.target(x0, eps, schedule.level(t), row)
        for i in range(shape[0]):
            alone = p.target(x0[i : i + 1], eps[i : i + 1], schedule.level(t[i].item()), row)
            assert torch.allclose(together[i : i + 1], alone, atol=1e-12)


def test_estimates_keep_the_dtype_of_x() -> None:
    x = torch.ones(3, 2, dtype=torch.bfloat16)
    for t in (0.5, torch.full((3,), 0.5)):
        found = p.solve(x, x, linear().level(t), p.velocity)
        assert found.x0.dtype == found.eps.dtype == torch.bfloat16


def test_the_first_step_of_the_posterior_mean_goes_to_clean_data_whatever_sigma_0_is() -> None:
    schedule = exponential()
    row = p.posterior_mean(schedule)
    for t in (0.0, 5e-4):
        assert row(schedule.level(t)) == (1.0, 0.0)
    a, b = row(schedule.level(torch.tensor([0.0, 5e-4, 0.5])))
    assert a.tolist() == [1.0, 1.0, 1.0]
    assert b[:2].tolist() == [0.0, 0.0]
    assert b[2] > 0
