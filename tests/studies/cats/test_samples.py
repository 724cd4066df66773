"""The last batch is shown whole, beside its nearest training pictures."""

from genloom.studies.cats.samples import last_batch
from genloom.studies.cats.work import ten_thousand


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(last_batch, tiny)
    assert len(answer.figures) == 2
    assert ten_thousand(tiny).recipe.engine.steps == 60
