"""The schedules' own numbers; what all of them share is in tests/contracts."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genloom.diffusion.schedule import (
    EDM,
    Rectified,
    VarianceExploding,
    VariancePreserving,
    cosine,
    exponential,
    geometric,
    linear,
    sigmoid,
)
from genloom.errors import InputError

DOUBLE = torch.float64


def test_table_is_the_running_product_of_one_minus_beta() -> None:
    betas = torch.tensor([0.1, 0.2, 0.4], dtype=DOUBLE)
    schedule = VariancePreserving(betas)
    t = torch.arange(4, dtype=DOUBLE) / 3
    assert torch.allclose(schedule.alpha(t) ** 2, torch.tensor([1, 0.9, 0.72, 0.432], dtype=DOUBLE), atol=1e-15)
    assert schedule.steps == 3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1e-8, 0.999), min_size=1, max_size=50), st.floats(0, 1))
def test_any_table_preserves_variance_and_inverts(betas: list[float], t: float) -> None:
    schedule = VariancePreserving(torch.tensor(betas, dtype=DOUBLE))
    level = schedule.level(t)
    assert level.alpha**2 + level.sigma**2 == pytest.approx(1, abs=1e-14)
    again = schedule.level(schedule.time(torch.tensor(level.sigma / level.alpha, dtype=DOUBLE)).item())
    assert again.sigma == pytest.approx(level.sigma, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("beta", [0.0, 1.0, -0.1, 1.5, math.nan, math.inf])
def test_beta_outside_0_1_is_refused_by_its_index(beta: float) -> None:
    with pytest.raises(InputError, match=r"beta\[1\]"):
        VariancePreserving(torch.tensor([0.1, beta]))


@pytest.mark.parametrize("make", [linear, cosine, sigmoid])
def test_no_steps_are_refused(make: object) -> None:
    with pytest.raises(InputError, match="at least 1"):
        make(0)  # type: ignore[operator]
    with pytest.raises(InputError, match="at least 1"):
        VariancePreserving(torch.empty(0))


def test_cosine_recomputes_alpha_bar_from_the_clipped_alpha() -> None:
    schedule = cosine(50)
    assert float(schedule.level(1.0).alpha) ** 2 == pytest.approx(9.7e-7, rel=0.01)
    assert 1 / float(schedule.level(1.0).alpha) == pytest.approx(1015, rel=0.01)
    assert schedule.betas[-1].item() == pytest.approx(0.999)


def test_50_steps_of_the_1000_step_linear_beta_leave_60_percent() -> None:
    schedule = VariancePreserving(linear(1000).betas[:50])
    short = linear(50, rescale=False)
    assert float(short.level(1.0).alpha) ** 2 == pytest.approx(0.60, abs=0.005)
    assert schedule.terminal_snr > 1
    assert linear(50).terminal_snr < 1e-4


def test_a_linear_beta_scaled_beyond_1_is_refused_and_the_remedy_works() -> None:
    with pytest.raises(InputError, match="at least 21"):
        linear(10)
    with pytest.raises(InputError, match="at least 21"):
        linear(20)
    assert linear(21).steps == 21


def test_linear_is_that_of_the_paper() -> None:
    betas = linear(1000).betas
    assert betas[0].item() == pytest.approx(1e-4)
    assert betas[-1].item() == pytest.approx(0.02)
    assert linear(1000).terminal_snr == pytest.approx(4.04e-5, rel=0.01)


def test_sigmoid_falls_symmetrically() -> None:
    half = sigmoid(1000).level(0.5)
    assert float(half.alpha) ** 2 == pytest.approx(0.5, abs=1e-12)


def test_the_exponential_schedule_is_e_to_the_5_t_minus_1() -> None:
    schedule = exponential(5.0)
    for t in (0.0, 0.3, 1.0):
        assert schedule.level(t).sigma == pytest.approx(math.exp(5 * (t - 1)), rel=1e-14)
        assert schedule.level(t).alpha == 1
    assert schedule.terminal_snr == pytest.approx(1)  # e^{5(1 − 1)} = 1: the start must have the variance of data + 1


def test_geometric_levels_have_a_constant_ratio() -> None:
    sigma = geometric(0.01, 0.3).sigma(torch.linspace(0, 1, 10, dtype=DOUBLE))
    assert torch.allclose(sigma[1:] / sigma[:-1], torch.full((9,), 30 ** (1 / 9), dtype=DOUBLE), rtol=1e-13)


def test_edm_time_is_sigma_over_its_largest() -> None:
    assert EDM(0.002, 80.0).level(0.25).sigma == 20


def test_rectified_reaches_pure_noise() -> None:
    assert Rectified().level(1.0) == (1.0, 0.0, 1.0)
    assert Rectified().terminal_snr == 0
    assert Rectified().time(torch.tensor(math.inf)) == 1


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (0.1, math.inf), (math.nan, 1.0)])
def test_impossible_noise_ranges_are_refused(low: float, high: float) -> None:
    for make in (VarianceExploding, EDM):
        with pytest.raises(InputError, match="sigma_min"):
            make(low, high)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_impossible_rates_are_refused(rate: float) -> None:
    with pytest.raises(InputError, match="rate"):
        exponential(rate)


def test_the_table_entry_is_exact_although_its_time_is_rounded() -> None:
    schedule = linear(1000)
    alpha_bar = torch.cumprod(1 - schedule.betas, 0)
    for i in (1, 29, 57, 58, 333, 667, 999, 1000):
        assert float(schedule.level(i / 1000).alpha) ** 2 == pytest.approx(alpha_bar[i - 1].item(), rel=1e-12)


def test_slopes_at_an_entry_are_those_of_its_own_step() -> None:
    schedule = VariancePreserving(torch.tensor([0.1, 0.5], dtype=DOUBLE))
    alpha_slope, _ = schedule.slopes(torch.tensor([0.5, 1.0], dtype=DOUBLE))
    rate = -torch.log1p(-schedule.betas) * 2
    assert torch.allclose(alpha_slope, -rate / 2 * schedule.alpha(torch.tensor([0.5, 1.0])), rtol=1e-12)


def test_bfloat16_times_lose_nothing_more() -> None:
    """t = 999/1000 is 1 in bfloat16; levels are looked up in float64 whatever comes in."""
    schedule = linear(1000)
    assert schedule.alpha(torch.tensor([0.5], dtype=torch.bfloat16)).dtype == DOUBLE
    assert schedule.level(0.999).alpha != schedule.level(1.0).alpha


def test_levels_are_remembered_without_growing_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genloom.diffusion.schedule._REMEMBERED", 10)
    schedule = exponential()
    for i in range(100):
        assert schedule.level(i / 100) is schedule.level(i / 100)
    assert len(schedule._known) <= 11
