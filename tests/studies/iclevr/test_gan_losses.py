"""S1.4 as an item of the report: one budget, and every loss has its row."""

import pytest

from genloom.errors import NonFiniteError
from genloom.recipes.gan_losses import LOSSES, updates
from genloom.studies.context import Context
from genloom.studies.iclevr import gan_losses, work
from genloom.studies.iclevr.gan_losses import OWN, losses, recipes, rows


@pytest.fixture(autouse=True)
def _few_losses(monkeypatch) -> None:
    monkeypatch.setattr(gan_losses, "LOSSES", {name: LOSSES[name] for name in ("non-saturating", "wgan-gp")})


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(losses, tiny)
    assert [row[0] for row in answer.tables[0].rows] == [OWN, "non-saturating", "WGAN-GP", "real pictures"]
    assert [result.status for result in answer.results[:2]] == ["pass", "pass"]


def test_every_game_has_the_budget_and_the_recipe_s_networks(tiny) -> None:
    own = work.gan_recipe(tiny)
    for said, chosen in recipes(tiny).values():
        assert updates(chosen) == 12, said
        assert chosen.network == own.network
        assert chosen.engine.batch_size == own.engine.batch_size
        assert (chosen.data, chosen.engine.seed) == (own.data, 3)
        assert (chosen.loss.evaluator, chosen.loss.reading) == (own.loss.evaluator, own.loss.reading)


def test_a_game_that_ends_in_no_finite_number_has_a_row_all_the_same(tiny, monkeypatch) -> None:
    finite, recipe = rows(tiny), work.gan_recipe(tiny)
    assert len(finite[0].judged.groups) == 64

    def run(self, recipe, name, **_):
        raise NonFiniteError("step 7: the loss is nan")

    monkeypatch.setattr(Context, "run", run)
    assert gan_losses._run(tiny, "minimax", recipe) is None
    table = gan_losses._table(tiny, [*finite, gan_losses.Row("minimax", None, None, None)], finite[0].run)
    assert table.rows[-2] == ("minimax", "—", "—", "—", "—", "—")
