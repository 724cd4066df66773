"""A blend's weight is the least-squares one, stays between its two parts, and moves whatever a head says."""

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.baselines import seasonal_mean
from genloom.forecasting.blend import Blend
from genloom.forecasting.heads import make_head

DRAWS = torch.Generator().manual_seed(0)
X, MADE, TRUTH = (torch.randn(5, rows, 2, generator=DRAWS, dtype=torch.float64) for rows in (13, 7, 7))


def test_it_starts_as_the_forecast_itself() -> None:
    blend = Blend(6, 13).double()
    assert torch.equal(blend(MADE, X, make_head("point")), MADE)
    assert blend.seasons == 2


def test_the_weight_is_the_one_of_least_squares() -> None:
    blend, cycles = Blend(6, 13).double(), seasonal_mean(X, 7, 6, 2)
    truth = 0.3 * cycles + 0.7 * MADE + 0.01 * TRUTH
    weight = blend.fit([(X[:2], MADE[:2], truth[:2]), (X[2:], MADE[2:], truth[2:])])
    known = float(torch.linalg.lstsq((cycles - MADE).reshape(-1, 1), (truth - MADE).reshape(-1, 1)).solution)
    assert weight == pytest.approx(known, rel=1e-6)
    torch.testing.assert_close(blend(MADE, X, make_head("point")), (1 - weight) * MADE + weight * cycles, rtol=1e-6,
                               atol=1e-6)


@pytest.mark.parametrize(("share", "weight"), [(-0.5, 0.0), (1.5, 1.0)])
def test_the_weight_stays_between_the_two(share: float, weight: float) -> None:
    cycles = seasonal_mean(X, 7, 6, 2)
    assert Blend(6, 13).fit([(X, MADE, share * cycles + (1 - share) * MADE)]) == weight


def test_two_equal_forecasts_need_no_weight() -> None:
    assert Blend(6, 13).fit([(X, seasonal_mean(X, 7, 6, 2), TRUTH)]) == 0


def test_quantiles_move_with_the_middle_one_and_keep_their_distance() -> None:
    head, blend = make_head("quantiles", levels=(0.1, 0.5, 0.9)), Blend(6, 13).double()
    blend.weight.fill_(0.25)
    forecast = torch.stack((MADE - 1, MADE, MADE + 2), 3)
    moved = blend(forecast, X, head)
    torch.testing.assert_close(moved[..., 1], 0.75 * MADE + 0.25 * seasonal_mean(X, 7, 6, 2))
    torch.testing.assert_close(moved[..., 2] - moved[..., 1], torch.full_like(MADE, 2))


def test_the_weight_is_kept_with_the_weights() -> None:
    blend, other = Blend(6, 13), Blend(6, 13)
    blend.weight.fill_(0.4)
    other.load_state_dict(blend.state_dict())
    assert float(other.weight) == pytest.approx(0.4)


def test_a_lookback_without_a_cycle_is_refused() -> None:
    with pytest.raises(InputError, match=r"network\.cycle.*longer"):
        Blend(24, 23)
