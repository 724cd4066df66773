"""Normal pairs: their information and their ratio of densities, and what scores show of it."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal

from genloom.errors import InputError
from genloom.metrics.mutual_information import NormalPairs, sampled_information, shown_information

PAIRS = NormalPairs([0.8, -0.3])


def test_the_log_ratio_is_that_of_the_densities() -> None:
    x, y = PAIRS.draw(5, torch.Generator().manual_seed(0))
    alone = Normal(torch.tensor(0.0, dtype=torch.float64), 1.0)
    known = torch.zeros(5, 5, dtype=torch.float64)
    for k, rho in enumerate(PAIRS.rho.tolist()):
        together = MultivariateNormal(torch.zeros(2, dtype=torch.float64),
                                      torch.tensor([[1, rho], [rho, 1]], dtype=torch.float64))
        both = torch.stack(torch.broadcast_tensors(x[:, None, k], y[None, :, k]), -1)
        known += together.log_prob(both) - alone.log_prob(x[:, None, k]) - alone.log_prob(y[None, :, k])
    torch.testing.assert_close(PAIRS.log_ratio(x, y), known)


def test_its_mean_over_pairs_is_the_information_and_that_of_the_ratio_is_known() -> None:
    x, y = PAIRS.draw(200_000, torch.Generator().manual_seed(1))
    log = torch.stack([PAIRS.log_ratio(a, b).diagonal() for a, b in zip(x.split(500), y.split(500), strict=True)])
    assert float(log.mean()) == pytest.approx(PAIRS.information, abs=4 * float(log.std()) / log.numel() ** 0.5)
    assert PAIRS.information == pytest.approx(-0.5 * (math.log(0.36) + math.log(0.91)))
    ratio = NormalPairs([0.4]).log_ratio(*(side[:4000, :1] for side in NormalPairs([0.4]).draw(
        4000, torch.Generator().manual_seed(2)))).diagonal().exp()
    assert float(ratio.mean()) == pytest.approx(1 / 0.84, abs=4 * float(ratio.std()) / 4000**0.5)
    assert NormalPairs([0.4]).mean_ratio == pytest.approx(math.exp(2 * NormalPairs([0.4]).information))


@pytest.mark.parametrize("nats", [0.0, 0.5, 8.0])
def test_pairs_of_an_information_have_it(nats: float) -> None:
    assert NormalPairs.of_information(nats, 3).information == pytest.approx(nats, abs=1e-12)


def test_draws_have_the_correlations() -> None:
    x, y = PAIRS.draw(50_000, torch.Generator().manual_seed(3))
    for k, rho in enumerate(PAIRS.rho.tolist()):
        assert float(torch.corrcoef(torch.stack((x[:, k], y[:, k])))[0, 1]) == pytest.approx(rho, abs=0.02)
    assert abs(float(torch.corrcoef(torch.stack((x[:, 0], y[:, 1])))[0, 1])) < 0.02


def test_shown_information_is_at_most_log_n_and_nothing_for_equal_scores() -> None:
    scores = torch.diag(torch.full((8,), 1e3, dtype=torch.float64))
    assert float(shown_information(scores)) == pytest.approx(math.log(8))
    assert float(shown_information(0 * scores)) == pytest.approx(0)
    assert shown_information(torch.randn(3, 2, 8, 8)).shape == (3, 2)


@pytest.mark.parametrize("count", [4, 64])
def test_the_best_scores_show_as_much_as_they_must(count: int) -> None:
    shown = sampled_information(PAIRS, count, 4096 // count, seed=0)
    error = 4 * float(shown.std()) / len(shown) ** 0.5
    assert PAIRS.lower_end(count) - error <= float(shown.mean()) <= min(PAIRS.information, math.log(count)) + error


def test_what_cannot_be_is_refused() -> None:
    for correlations in ([], [1.0], [0.2, -1.5]):
        with pytest.raises(InputError, match="correlations"):
            NormalPairs(correlations)
    with pytest.raises(InputError, match="nats"):
        NormalPairs.of_information(-1.0, 2)
