import math

import pytest
import torch
from sklearn.metrics import mean_pinball_loss

from genloom.errors import InputError
from genloom.metrics.quantile_errors import QuantileErrors, coverage, pinball

RNG = torch.Generator().manual_seed(0)
LEVELS = [0.1, 0.5, 0.9]
TRUTH = torch.randn(8, 4, 3, generator=RNG)
QUANTILES = torch.randn(8, 4, 3, 3, generator=RNG).sort(dim=-1).values


def normal_errors(levels: torch.Tensor, truths: torch.Tensor) -> QuantileErrors:
    told = torch.distributions.Normal(0.0, 1.0).icdf(levels).double()
    errors = QuantileErrors(levels.tolist())
    errors.add(told.expand(*truths.shape, -1), truths)
    return errors


def test_the_loss_is_that_of_scikit_learn() -> None:
    errors = QuantileErrors(LEVELS)
    for start in (0, 3):
        errors.add(QUANTILES[start : start + 3 if start == 0 else 8], TRUTH[start : start + 3 if start == 0 else 8])
    pooled = errors.pooled()
    for index, level in enumerate(LEVELS):
        known = mean_pinball_loss(TRUTH.flatten().numpy(), QUANTILES[..., index].flatten().numpy(), alpha=level)
        assert float(pooled.loss[index]) == pytest.approx(known, rel=1e-6)
    assert pooled.wql == pytest.approx(float(2 * pooled.loss.mean() / TRUTH.double().abs().mean()), rel=1e-9)
    assert (pooled.n, pooled.crossing) == (96, 0.0)


def test_the_median_s_loss_is_half_the_absolute_error() -> None:
    loss = pinball(TRUTH, QUANTILES[..., 1:2], torch.tensor([0.5]))
    torch.testing.assert_close(loss[..., 0], (TRUTH - QUANTILES[..., 1]).abs() / 2)


def test_the_quantile_of_the_truth_has_the_smallest_loss() -> None:
    truth = torch.randn(20_000, generator=RNG, dtype=torch.float64)
    level = torch.tensor([0.8], dtype=torch.float64)
    guesses = torch.linspace(0, 2, 201, dtype=torch.float64)
    losses = torch.stack([pinball(truth, guess.expand(len(truth), 1), level).mean() for guess in guesses])
    assert float(guesses[losses.argmin()]) == pytest.approx(0.8416, abs=0.04)


def test_many_quantiles_of_the_true_normal_give_its_crps() -> None:
    """E CRPS(N(0, 1), y) for y ~ N(0, 1) is 1/√π."""
    truths = torch.randn(2000, 10, 1, generator=RNG, dtype=torch.float64)
    crps = normal_errors(torch.arange(1, 100) / 100, truths).pooled().crps
    spread = 0.42 / math.sqrt(truths.numel())
    assert crps == pytest.approx(1 / math.sqrt(math.pi), abs=4 * spread + 1e-3)


def test_shares_below_are_the_levels_of_a_calibrated_forecast() -> None:
    levels = torch.tensor(LEVELS)
    pooled = normal_errors(levels, torch.randn(4000, 5, 1, generator=RNG, dtype=torch.float64)).pooled()
    for share, level in zip(pooled.below.tolist(), LEVELS, strict=True):
        assert abs(share - level) < 4 * math.sqrt(level * (1 - level) / 20_000)


def test_quantiles_in_the_wrong_order_are_counted() -> None:
    errors = QuantileErrors(LEVELS)
    errors.add(torch.tensor([[[[1.0, 0.0, 2.0]], [[0.0, 1.0, 2.0]]]]), torch.zeros(1, 2, 1))
    assert errors.pooled().crossing == 0.25


def test_coverage_counts_ends() -> None:
    truth = torch.tensor([0.0, 1.0, 2.0, 3.0])
    assert coverage(truth, torch.ones(4), 2 * torch.ones(4)) == 0.5


@pytest.mark.parametrize("levels", [[], [0.0], [1.0], [0.5, 0.5], [0.9, 0.1]])
def test_levels_increase_inside_zero_and_one(levels: list[float]) -> None:
    with pytest.raises(InputError, match="increasing"):
        QuantileErrors(levels)


def test_what_is_no_quantile_forecast_is_refused() -> None:
    errors = QuantileErrors(LEVELS)
    with pytest.raises(InputError, match="at least one window"):
        errors.pooled()
    with pytest.raises(InputError, match="of shape"):
        errors.add(QUANTILES[..., :2], TRUTH)
    with pytest.raises(InputError, match="finite"):
        errors.add(QUANTILES * torch.nan, TRUTH)
