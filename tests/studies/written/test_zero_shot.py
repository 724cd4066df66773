"""S4.12 as an item of the report."""

import pytest

from genloom.studies.written import naming, zero_shot
from genloom.studies.written.zero_shot import ZERO_SHOT, check


def test_a_model_that_learned_nothing_does_not_pass_and_the_item_is_whole(context, monkeypatch) -> None:
    monkeypatch.setattr(naming, "_BATCHES", 2)
    monkeypatch.setattr(zero_shot, "swapped", lambda network, seed: naming.swapped(network, seed, 12))
    checked = check(context, scenes=70, steps=2, each=1)
    status = {each.name: each.status for each in checked.results}
    assert status["zero-shot: which of 24 objects, those that training shows"] == "fail"
    assert status["the same network untrained: which of 24 objects"] == "pass"
    assert len(checked.figures) == 2
    assert all(len(row) == len(table.header) for table in checked.tables for row in table.rows)


@pytest.mark.slow
def test_every_check_holds_at_the_size_of_the_study(page) -> None:
    page(ZERO_SHOT)
