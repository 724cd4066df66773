"""What the best discriminators of all games measure."""

from genloom.gan.losses import ADVERSARIAL
from genloom.studies.gan_theory.measures import measures, measures_results, measures_table


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
