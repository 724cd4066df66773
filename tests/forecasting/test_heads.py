"""Heads: losses in closed form, quantiles in order, distributions held against scipy."""

import math

import pytest
import torch
from scipy import stats

from genloom.errors import InputError
from genloom.forecasting.heads import HEADS, Gaussian, Point, Quantiles, StudentT, make_head
from genloom.forecasting.revin import Affine

B, H, C = 3, 5, 2
LEVELS = torch.tensor([0.1, 0.5, 0.8])


def raw(parameters: int) -> torch.Tensor:
    return torch.randn(B, H, C, parameters, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def truth() -> torch.Tensor:
    return torch.randn(B, H, C, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def back(shift: float = 0.0, scale: float = 1.0) -> Affine:
    return Affine(torch.full((B, 1, C), shift).double(), torch.full((B, 1, C), scale).double())


@pytest.mark.parametrize("kind", HEADS)
def test_level_and_scale_of_a_window_carry_over_to_all_of_a_forecast(kind: str) -> None:
    head = make_head(kind)
    numbers = raw(head.parameters)
    plain, moved = head(numbers, back()), head(numbers, back(10.0, 3.0))
    torch.testing.assert_close(head.point(moved), 3 * head.point(plain) + 10)
    torch.testing.assert_close(head.point(head.shifted(plain, truth())), head.point(plain) + truth())
    if kind == "point":
        with pytest.raises(InputError, match=r"network.head"):
            head.quantiles(plain, LEVELS)
    else:
        before, after = head.quantiles(plain, LEVELS), head.quantiles(moved, LEVELS)
        torch.testing.assert_close(after, 3 * before + 10)
        torch.testing.assert_close(head.quantiles(head.shifted(plain, truth()), LEVELS), before + truth()[..., None])
        assert (before.diff(dim=3) > 0).all()
        if kind != "quantiles":
            torch.testing.assert_close(before[..., 1], head.point(plain))


@pytest.mark.parametrize("kind", HEADS)
def test_the_location_is_the_first_number(kind: str) -> None:
    """What an autoregressive decoder feeds back is the forecast itself."""
    head = make_head(kind)
    numbers = raw(head.parameters)
    torch.testing.assert_close(head.point(head(numbers, back())), numbers[..., 0])


def test_losses_of_a_point_in_closed_form() -> None:
    forecast, y = torch.zeros(1, 2, 1), torch.tensor([[[0.5], [3.0]]])
    assert Point("mse").loss(forecast, y).item() == pytest.approx((0.25 + 9) / 2)
    assert Point("mae").loss(forecast, y).item() == pytest.approx(3.5 / 2)
    assert Point("huber").loss(forecast, y).item() == pytest.approx((0.125 + 2.5) / 2)


def test_the_quantile_loss_is_least_at_the_quantile() -> None:
    y = torch.from_numpy(stats.norm.ppf((torch.arange(4000).numpy() + 0.5) / 4000))[:, None, None]
    head = Quantiles((0.1, 0.5, 0.9))
    places = torch.linspace(-2.5, 2.5, 201).double()
    at = torch.stack([head.loss(p.expand(4000, 1, 1, 3), y) for p in places])
    assert places[at.argmin()].item() == pytest.approx(0, abs=0.03)
    single = torch.stack([_pinball(0.9, y - p) for p in places])
    assert places[single.argmin()].item() == pytest.approx(stats.norm.ppf(0.9), abs=0.03)


def _pinball(level: float, error: torch.Tensor) -> torch.Tensor:
    return torch.maximum(level * error, (level - 1) * error).mean()


def test_the_loss_of_the_median_alone_is_the_absolute_error() -> None:
    forecast, y = raw(1), truth()
    assert Quantiles((0.5,)).loss(forecast, y).item() == pytest.approx((y - forecast[..., 0]).abs().mean().item())


def test_quantiles_never_cross_and_lie_on_lines_between_the_known_ones() -> None:
    head = Quantiles()
    forecast = head(20 * raw(head.parameters), back())
    assert (forecast.diff(dim=3) >= 0).all()
    known = torch.tensor(head.levels, dtype=torch.float64)
    torch.testing.assert_close(head.quantiles(forecast, known), forecast)
    between = head.quantiles(forecast, torch.tensor([0.175, 0.999]))
    torch.testing.assert_close(between[..., 0], forecast[..., 1:3].mean(3), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(between[..., 1], forecast[..., -1])


def test_the_normal_likelihood_and_quantiles_are_those_of_scipy() -> None:
    head, y = Gaussian(), truth()
    forecast = head(raw(2), back())
    mean, scale = forecast.numpy()[..., 0], forecast.numpy()[..., 1]
    assert head.loss(forecast, y).item() == pytest.approx(-stats.norm.logpdf(y.numpy(), mean, scale).mean())
    torch.testing.assert_close(head.quantiles(forecast, LEVELS)[..., 2],
                               torch.from_numpy(stats.norm.ppf(0.8, mean, scale)), rtol=1e-6, atol=1e-6)


def test_the_student_likelihood_and_quantiles_are_those_of_scipy() -> None:
    head, y = StudentT(), truth()
    forecast = head(raw(3), back())
    where, scale, freedom = (forecast.numpy()[..., k] for k in range(3))
    assert (freedom > 2).all()
    assert head.loss(forecast, y).item() == pytest.approx(-stats.t.logpdf(y.numpy(), freedom, where, scale).mean())
    torch.testing.assert_close(head.quantiles(forecast, LEVELS)[..., 0],
                               torch.from_numpy(stats.t.ppf(0.1, freedom, where, scale)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", HEADS)
def test_a_start_has_the_spread_of_errors(kind: str) -> None:
    head, random = make_head(kind), torch.Generator().manual_seed(3)
    errors = torch.randn(20_000, H, generator=random, dtype=torch.float64) * torch.linspace(0.5, 2, H).double()
    behind = head.around(errors)
    assert behind.shape == (head.parameters - 1, H)
    if kind == "point":
        return
    numbers = torch.cat((torch.zeros(1, H).double(), behind)).T[None, :, None].expand(B, H, C, -1)
    forecast = head(numbers, back())
    found = head.quantiles(forecast, torch.tensor([0.1, 0.9]).double())[0, :, 0]
    wanted = torch.quantile(errors, torch.tensor([0.1, 0.9]).double(), dim=0).T
    if kind == "quantiles":
        torch.testing.assert_close(found - head.point(forecast)[0, :, :1], wanted - errors.median(0).values[:, None],
                                   rtol=1e-3, atol=1e-3)
    else:
        torch.testing.assert_close(found, wanted, rtol=0.12 if kind == "student" else 0.03, atol=0)


def test_a_tiny_scale_stays_finite() -> None:
    forecast = Gaussian()(torch.full((1, 1, 1, 2), -200.0), Affine(torch.zeros(1, 1, 1), torch.ones(1, 1, 1)))
    assert math.isfinite(Gaussian().loss(forecast, torch.full((1, 1, 1), -200.0)).item())


def test_impossible_ones_are_refused() -> None:
    for levels in ((0.5, 0.1, 0.9), (0.1, 0.9), (0.0, 0.5, 0.9), (0.1, 0.4, 0.9)):
        with pytest.raises(InputError, match=r"network.levels"):
            Quantiles(levels)
    with pytest.raises(InputError, match=r"network.head"):
        make_head("poisson")


def test_spreads_of_any_size_and_any_number_of_errors_have_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = torch.randn(400, 6, generator=torch.Generator().manual_seed(0))
    whole = Quantiles().around(errors)
    monkeypatch.setattr("genloom.forecasting.heads._MOST", 800)  # two steps of the horizon at a time
    torch.testing.assert_close(Quantiles().around(errors), whole, rtol=0, atol=0)
    for head in (Quantiles(), Gaussian(), StudentT()):
        raw = head.around(1e6 * errors)  # float32's exp ends at 88
        assert raw.isfinite().all()
        assert torch.nn.functional.softplus(raw).max() > 1e4
