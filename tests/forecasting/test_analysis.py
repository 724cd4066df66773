"""Numbers of attention, on weights whose answers are known."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.forecasting.analysis import Attended, Profile, agreement, autocorrelation

L = 96


def attended(weights: Tensor, visible: Tensor | None = None) -> Attended:
    rows = torch.arange(-L, 0)
    seen = torch.ones(L, L, dtype=torch.bool) if visible is None else visible
    return Attended(rows, rows, seen, weights, torch.zeros(len(weights), 24, 24).double(),
                    torch.special.entr(weights).sum(2).mean(1), 1)


def causal_uniform() -> Tensor:
    seen = torch.ones(L, L).double().tril()
    return (seen / seen.sum(1, keepdim=True))[None]


def test_looking_at_all_alike() -> None:
    found = attended(torch.full((2, L, L), 1 / L).double())
    assert math.isclose(found.uniform_entropy, math.log(L))
    torch.testing.assert_close(found.breadth, torch.ones(2).double())
    torch.testing.assert_close(found.share_of_rows(-24, 0), torch.full((2,), 24 / L).double())
    profile = found.profile()
    assert profile.lags.tolist() == list(range(1 - L, L))
    assert profile.pairs.tolist() == [L - abs(lag) for lag in range(1 - L, L)]
    torch.testing.assert_close(profile.weight, torch.ones(2, 2 * L - 1).double())
    torch.testing.assert_close(profile.contrast(24).ratio, torch.ones(2).double())


def test_looking_at_all_that_is_past_alike_is_even_too() -> None:
    """Early queries have few keys and large weights on short lags, which is no preference for short lags."""
    found = attended(causal_uniform(), torch.ones(L, L, dtype=torch.bool).tril())
    torch.testing.assert_close(found.breadth, torch.ones(1).double())
    profile = found.profile()
    assert profile.lags.tolist() == list(range(L))
    torch.testing.assert_close(profile.weight, torch.ones(1, L).double())
    torch.testing.assert_close(found.evenly().weights, found.weights)


def test_looking_at_one_lag_alone() -> None:
    rows = torch.arange(L)
    weights = torch.zeros(1, L, L).double()
    weights[0, rows, (rows - 24) % L] = 1
    found = attended(weights)
    assert found.entropy.item() == 0.0
    assert math.isclose(found.breadth.item(), 1 / L)
    assert math.isclose(found.share_of_lags([24]).item(), 1 - 24 / L)
    profile = found.profile()
    # 72 of 72 pairs of lag 24 have weight 1, where evenly each has 1/96
    assert math.isclose(profile.weight[0, profile.lags == 24].item(), L)
    assert profile.contrast(24).ratio.item() == math.inf
    assert math.isclose(profile.contrast(24).rank.item(), 1 / 24)


def test_a_preference_for_the_same_hour_is_measured() -> None:
    """w ∝ e^{a [lag ≡ 0 mod 24]}: the ratio is e^a, whatever the normalisation of a row."""
    same = (torch.arange(L)[:, None] - torch.arange(L)[None]) % 24 == 0
    weights = (1.5 * same.double()).softmax(1)[None]
    found = attended(weights)
    assert math.isclose(found.profile().contrast(24).ratio.item(), math.exp(1.5), rel_tol=1e-9)
    assert math.isclose(found.profile().contrast(24).rank.item(), 1 / 24)
    # with another period there is little to be seen
    assert abs(found.profile().contrast(23).ratio.item() - 1) < 0.2


def test_lags_beyond_a_limit_are_left_out() -> None:
    assert attended(torch.full((1, L, L), 1 / L).double()).profile(largest=30).lags.tolist() == list(range(-30, 31))


def test_too_long_a_period_is_refused() -> None:
    with pytest.raises(InputError, match="so small"):
        Profile(torch.arange(5), torch.ones(1, 5).double(), torch.ones(5).long()).residues(24)


def test_autocorrelation_is_its_definition() -> None:
    values = torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    centred = (values - values.mean(0)).numpy()
    wanted = [[np.dot(c[: 50 - k], c[k:]) / np.dot(c, c) for k in range(50)] for c in centred.T]
    torch.testing.assert_close(autocorrelation(values, 50), torch.tensor(wanted), atol=1e-12, rtol=1e-9)
    with pytest.raises(InputError, match="from 1 to 50"):
        autocorrelation(values, 51)


def test_autocorrelation_of_a_wave_is_the_wave() -> None:
    wave = torch.sin(2 * math.pi * torch.arange(24 * 400) / 24)[:, None]
    expected = torch.cos(2 * math.pi * torch.arange(100) / 24).double()
    torch.testing.assert_close(autocorrelation(wave, 100)[0], expected, atol=0.02, rtol=0)


def test_agreement_of_a_curve_with_itself_and_its_mirror() -> None:
    curve = torch.randn(60, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert math.isclose(agreement(curve, curve).correlation, 1.0)
    assert math.isclose(agreement(curve, curve).p, 1 / 60)
    assert math.isclose(agreement(curve, curve.exp()).correlation, 1.0)
    assert math.isclose(agreement(curve, -curve).correlation, -1.0)
    assert agreement(curve, -curve).p == 1.0


def test_agreement_of_waves_out_of_step_is_no_evidence() -> None:
    """Of 48 turns of a daily wave, those that bring both in step again agree as well: p is large though r is 1."""
    wave = torch.sin(2 * math.pi * torch.arange(96, dtype=torch.float64) / 24).round(decimals=9)
    assert agreement(wave, wave).p == pytest.approx(4 / 96)


def test_p_of_independent_curves_is_even() -> None:
    draw = torch.Generator().manual_seed(1)
    ps = [agreement(*torch.randn(2, 40, dtype=torch.float64, generator=draw)).p for _ in range(400)]
    # Kolmogorov–Smirnov at n = 400 has its .001 point at 1.95/√400
    steps = torch.arange(1, 401) / 400
    assert float((torch.tensor(ps).sort().values - steps).abs().max()) < 1.95 / 20 + 1 / 40


def test_curves_of_other_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="one length"):
        agreement(torch.ones(3), torch.ones(4))
