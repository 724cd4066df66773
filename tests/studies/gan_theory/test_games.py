"""Eight games with the same networks and the same number of updates."""

from genloom.recipes import rules
from genloom.recipes.gan_losses import LOSSES
from genloom.studies.context import Context
from genloom.studies.gan_theory.games import GAMES, every, game_recipe


def test_each_is_a_recipe_that_may_be_and_they_differ_in_their_game_alone(tmp_path) -> None:
    for tier in ("laptop", "gpu"):
        recipes = [game_recipe(Context(folder=tmp_path, tier=tier), game, 0) for game in GAMES]
        for each in recipes:
            rules.validate(each)
            assert each.loss.critic_steps == 1
        assert len({(each.network, each.engine, each.generator, each.discriminator, each.data)
                    for each in recipes}) == 1
        assert len({(each.loss, each.penalty) for each in recipes}) == len(GAMES)


def test_names_and_losses_are_those_of_the_table() -> None:
    assert set(GAMES) <= set(LOSSES)
    assert all(GAMES[game].kind == LOSSES[game].penalty.kind for game in GAMES)


def test_every_game_has_every_seed(tiny) -> None:
    found = every(tiny)
    assert list(found) == list(GAMES)
    for runs in found.values():
        assert [run.seed for run in runs] == [3, 4]
        assert [run.experiment.recipe.engine.seed for run in runs] == [3, 4]
