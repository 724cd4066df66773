"""How hard each loss pulls a generator."""

import math

import pytest
import torch

from genloom.gan.losses import minimax, non_saturating
from genloom.studies.gan_theory.gradients import GAMES
from genloom.studies.gan_theory.pushes import at_best, divergence_slope, naive, slope


def test_slopes_are_those_of_the_losses_that_are_trained() -> None:
    logits = torch.tensor([-20.0, 0.0, 3.0], dtype=torch.float64)
    torch.testing.assert_close(slope(minimax, logits), -logits.sigmoid())
    torch.testing.assert_close(slope(non_saturating, logits), -(-logits).sigmoid())
    assert slope(naive, logits)[0].item() == pytest.approx(-0.171, abs=1e-3)


@pytest.mark.parametrize("theta", [0.7, 4.0])
def test_the_hinge_pushes_by_the_density_at_its_jump(theta: float) -> None:
    """d/dh E sign(θ/2 − (x − h)) over x ~ N(θ, 1), by differences of the normal distribution function."""
    def mean(h: float) -> float:
        return math.erf((h - theta / 2) / math.sqrt(2))

    assert at_best("hinge", theta) == pytest.approx((mean(1e-5) - mean(-1e-5)) / 2e-5, rel=1e-8)


def test_far_away_some_games_push_and_others_do_not() -> None:
    far = {game: at_best(game, 8.0) for game in GAMES}
    assert far["wasserstein"] == pytest.approx(1)
    for game in ("minimax", "least-squares", "hinge"):
        assert 0 < far[game] < 5e-4
    for game in ("non-saturating", "relativistic"):
        assert far[game] == pytest.approx(8, rel=1e-3)


def test_the_slope_of_the_divergence_is_a_known_number() -> None:
    """θ E_q D*: for θ → 0 the divergence is θ²/8 − …, and twice its slope θ/2."""
    assert divergence_slope(0.01) == pytest.approx(0.005, rel=1e-3)
