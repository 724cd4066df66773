"""What scores show of normal pairs: by quadrature, by draws, and after training."""

import pytest
import torch

from genloom.metrics.mutual_information import NormalPairs, sampled_information
from genloom.studies.written.scores import (
    RHO,
    by_guess,
    shown_by_any_score,
    trained,
    two_candidates,
    weights_of_any_score,
)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_two_candidates_by_quadrature_and_by_draws(rho: float) -> None:
    drawn = sampled_information(NormalPairs([rho]), 2, 20_000, seed=1)
    assert two_candidates(rho) == pytest.approx(float(drawn.mean()), abs=4 * float(drawn.std()) / 20_000**0.5 + 1e-12)
    assert two_candidates(rho) == pytest.approx(two_candidates(rho, 40), abs=1e-4)
    assert two_candidates(rho) <= NormalPairs([rho]).information + 1e-12


def test_the_truth_shows_most() -> None:
    guesses = torch.tensor([0.0, 0.5, RHO, 0.9, 0.95], dtype=torch.float64)
    shown = by_guess(guesses, 8192, seed=0)
    assert int(shown.argmax()) == 2
    assert float(shown[0]) == pytest.approx(0, abs=1e-12)
    assert float(shown.max()) < NormalPairs([RHO]).information


def test_the_mean_weight_of_any_score_is_one() -> None:
    weights = weights_of_any_score(seed=0, pairs=2048)
    assert float(weights.mean()) == pytest.approx(1, abs=4 * float(weights.std()) / len(weights) ** 0.5)


def test_random_scores_show_little() -> None:
    assert float(shown_by_any_score(seed=0, batches=16).max()) < 1


def test_training_shows_more_and_never_more_than_the_best_scores() -> None:
    few, more = trained(1.0, 3, 0), trained(1.0, 60, 0)
    assert few.shown.value < more.shown.value < more.best.high
    assert more.short.value > 0
    assert more.best.value == pytest.approx(1.0, abs=0.1)
