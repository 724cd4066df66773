"""What the best discriminators of all games measure."""

import math

import pytest

from genloom.gan.losses import ADVERSARIAL
from genloom.studies.gan_theory.measures import measures, measures_results, measures_table, printed
from genloom.studies.gan_theory.pairs import shifted


def test_the_least_losses_of_all_games_are_their_divergences() -> None:
    assert {each.game for each in measures()} | {"minimax"} == set(ADVERSARIAL)
    assert {result.status for result in measures_results()} == {"pass"}
    for row in measures_table().rows:
        assert row[3] == row[4]


def test_a_discriminator_of_different_densities_has_less_than_a_tie() -> None:
    """The table's last column is what is left where nothing can be told apart: a quarter for least squares."""
    ties = {row[0]: row[5] for row in measures_table().rows}
    assert ties["least-squares"] == "0.2500"
    assert all(each.least < ADVERSARIAL[each.game].tie for each in measures())


def test_the_printed_expression_is_another_function() -> None:
    """For p = q it is log ½ + ½ instead of −log 4, and for densities apart 1 instead of 0."""
    assert printed(shifted(0.0).table) == pytest.approx(0.5 - math.log(2), abs=1e-12)
    assert printed(shifted(20.0).table) == pytest.approx(1, abs=1e-12)
